# The Lambda runtime over its whole life: tests/runtime/lifecycle.py has the checks.
export LUNETTE_LOG_LEVEL=
exec python3 tests/runtime/lifecycle.py
