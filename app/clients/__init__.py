"""The EHR installations that call us: one validated file each, with its code maps beside it (deploy/clients/)."""
