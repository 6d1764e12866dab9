# Every target works on a fresh Debian 12 with python3 (3.11+), python3-venv, make and git.
PYTHON ?= python3
BIN := .venv/bin
SPREAD := -n 4 --dist worksteal  # most of the long tests wait: four at once, on two cores

.PHONY: setup demo test torture lint bench bench-gateway bench-layers gateway eval train lock browser clean

setup: .venv/ready  ## make .venv, with .venv/bin/jiedan

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: setup  ## open the simulator: a sample township's groups on one page
	$(BIN)/jiedan demo

gateway: gateway/ready  ## a WeChat to play with: the mock gateway, one line a message
	@WECHATY_LOG=silent sh gateway/node.sh node --no-deprecation gateway/gateway.mjs --play

gateway/ready: .venv/ready gateway/requirements.lock gateway/package-lock.json
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r gateway/requirements.lock
	sh gateway/node.sh npm ci --prefix gateway --loglevel=error
	touch $@

test: setup gateway/ready browser lint  ## everything that must hold before a commit
	$(BIN)/pytest $(SPREAD)
	JIEDAN_STORE=postgresql $(BIN)/pytest $(SPREAD) tests/scenarios tests/properties

torture: setup  ## the promises again, with the large figures, for an hour
	JIEDAN_TORTURE=1 $(BIN)/pytest $(SPREAD) tests/torture tests/crash

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser:  ## Debian's Chromium for the browser tests, where we may install it
	@sh tests/browser/install.sh

bench: setup  ## all figures beside their limits, as a table and as build/bench.json; half an hour
	$(BIN)/python -m benchmarks $(ARGS)

bench-gateway: setup gateway/ready  ## messages a second through a real gateway
	$(BIN)/python -m benchmarks.gateway

bench-layers: setup gateway/ready  ## the wechaty package, its stubs and our messages, side by side
	$(BIN)/python -m benchmarks.layers.measure

# Models are fitted with one thread: the same figures on any machine.
train: export OMP_NUM_THREADS = 1
eval: export OMP_NUM_THREADS = 1

eval: setup training/ready  ## every figure of triage with its split; ARGS="--data DIR"
	$(BIN)/python -m training.evaluate $(ARGS)

train: setup training/ready  ## fit the shipped models again; ARGS="--data DIR"
	$(BIN)/python -m training.train $(ARGS)

training/ready: .venv/ready training/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r training/requirements.txt
	touch $@

lock:  ## pin again after a change of pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-header pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header gateway/requirements.in --output-file gateway/requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header training/requirements.in --output-file training/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header benchmarks/layers/requirements.in \
		--output-file benchmarks/layers/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header benchmarks/layers/requirements-newer.in \
		--output-file benchmarks/layers/requirements-newer.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header benchmarks/nonebot/requirements.in \
		--output-file benchmarks/nonebot/requirements.txt

clean:
	rm -rf .venv gateway/node_modules gateway/ready training/ready build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
