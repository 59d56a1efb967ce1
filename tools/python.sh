#!/bin/sh
# Run the first Python that is new enough, and able to create environments, with the given arguments.
root=${PYENV_ROOT:-$HOME/.pyenv}
for python in python3 python3.13 python3.12 python3.11 \
    "$root"/versions/3.13.*/bin/python3 "$root"/versions/3.12.*/bin/python3 "$root"/versions/3.11.*/bin/python3; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$python" "$@"
    fi
done
echo "No Python 3.11 or newer with venv and ensurepip was found; install one (Debian, Ubuntu: apt install" \
    "python3 python3-venv), or put it on PATH as python3" >&2
exit 1
