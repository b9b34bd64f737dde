# Answers that go out while they are made: tests/runtime/stream.py has the checks.
export LUNETTE_LOG_LEVEL=
exec python3 tests/runtime/stream.py
