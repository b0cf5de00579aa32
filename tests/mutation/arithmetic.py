"""Meeting a mutant of the arithmetic: the scenarios, then the tests of the modules, each time in a fresh process.

A process is forked when all libraries are imported and all YAML is read, but nothing of `app`: the mutant is what it
imports in place of the module. This file imports nothing of `app` itself.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mutation.arithmetic_mutants import SourceMutant, source_mutants
from tests.mutation.report import Verdict, verdict_on

JUDGES = ("scenarios", "tests")
ROOT = Path(__file__).parents[2]
TESTS = {
    "clinical.pretest": "clinical/test_pretest.py",
    "clinical.d_dimer": "clinical/test_d_dimer.py",
    "clinical.examinations": "clinical/test_examinations.py",
    "clinical.situation": "clinical/test_situation.py",
    "clinical.treated_veins": "clinical/test_treated_veins.py",
    "pathway.timing": "pathway/test_timing.py",
    "pathway.decide": "pathway/test_decide.py",
}
"""The modules that count and compare, and the tests of each."""

NAMES = tuple(TESTS)
MORE_TESTS = ("clinical/test_evaluate.py",)
TIME_LIMIT = 120  # seconds; a mutant may loop for ever
FACT_SETS = 1_500
WITHOUT_APP = (
    "tests.mutation.report",
    "tests.mutation.arithmetic",
    "tests.clinical.scenario_files",
    "tests.oracle.fact_sets",
)
"""Modules that know nothing of `app`: they are not imported anew."""

_shared: dict[str, Any] = {}  # made before the processes part


def mutants() -> list[SourceMutant]:
    """Every mutant of every module."""
    return [
        mutant
        for name in NAMES
        for mutant in source_mutants(f"app.{name}", (ROOT / "app" / f"{name.replace('.', '/')}.py").read_text("utf-8"))
    ]


def verdicts(chosen: Sequence[SourceMutant], processes: int) -> Iterator[Verdict]:
    """The verdict on each of these, in their order."""
    prepare()
    original = SourceMutant("", "", "the unchanged arithmetic", "", "")
    with get_context("fork").Pool(processes, maxtasksperchild=1) as pool:
        if pool.apply(judged, (original,)).killed_by:
            raise RuntimeError("the unchanged arithmetic does not pass: make that work first")
        yield from pool.imap(judged, chosen)


def prepare() -> None:
    """Import every library and read every file; then forget all modules that know `app`."""
    kill = import_module("tests.mutation.kill")
    for file in TESTS.values():
        import_module(f"tests.{file.removesuffix('.py').replace('/', '.')}")
    judges = kill.Judges(fact_sets=FACT_SETS)
    _shared.update(known=judges.reader.known, table=judges.table)
    for name in list(sys.modules):
        if name.split(".")[0] in ("app", "tests") and not name.startswith(WITHOUT_APP):
            del sys.modules[name]


class Changed(MetaPathFinder, Loader):
    """Imports the mutant in place of its module."""

    def __init__(self, mutant: SourceMutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.mutant.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.source, self.mutant.id, "exec"), module.__dict__)  # noqa: S102 -- our own code, changed


def judged(mutant: SourceMutant) -> Verdict:
    """What becomes of it. Only for a process of its own: it imports the mutant for good."""
    signal.alarm(TIME_LIMIT)
    sys.meta_path.insert(0, Changed(mutant))
    try:
        kill = import_module("tests.mutation.kill")
        pathways = kill.loaded_with(_shared["known"])
        noticed = kill.first_wrong(pathways)
    except Exception as error:  # noqa: BLE001 -- a mutant may break in any way; that is noticed, too
        return verdict_on(mutant, "scenarios", type(error).__name__)
    if noticed:
        return verdict_on(mutant, "scenarios", noticed)
    if failing_tests(mutant.module.removeprefix("app.")):
        return verdict_on(mutant, "tests")
    table = _shared["table"]
    differs = (number for number, (patient, before) in enumerate(table) if kill.ask(pathways, patient) != before)
    return verdict_on(mutant, None, differs=next(differs, None))


def failing_tests(first: str) -> bool:
    """Whether a test fails; those of the module come first. What pytest prints is not shown."""
    files = sorted(TESTS.values(), key=lambda file: file != TESTS.get(first))
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        chosen = [str(ROOT / "tests" / file) for file in (*files, *MORE_TESTS)]
        plugins = [argument for name in ("cacheprovider", "xdist", "cov") for argument in ("-p", f"no:{name}")]
        return pytest.main(["-x", "-q", "--assert=plain", *plugins, f"--rootdir={ROOT}", *chosen]) != pytest.ExitCode.OK
