FROM python:3.11-slim AS packages
COPY requirements.lock .
# The hashes decide what is installed; --no-deps because the lock is complete.
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
       -r requirements.lock

FROM python:3.11-slim
# A fixed number, so that an orchestrator can demand "not root" without knowing the name.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin service
COPY --from=packages /venv /venv
WORKDIR /service
COPY LICENSE ./
COPY pathways/ pathways/
COPY deploy/clients/ deploy/clients/
COPY app/ app/
# The file system is read-only when run as deploy/compose.yaml does, so bytecode is written now.
RUN /venv/bin/python -m compileall -q app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
# All interfaces of the container; who may reach it is decided where its port is published.
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0", "--port", "8000"]
