# The Lambda runtime behind a Runtime API of our own: tests/runtime/conformance.py has the checks.
export LUNETTE_LOG_LEVEL=
exec python3 tests/runtime/conformance.py
