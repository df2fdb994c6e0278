# The verbs of this checkout. `make` alone lists them; `make demo` and `make test` do all of their own set-up.
PYTHON ?= python3
PEOPLE ?= 20000
SEED ?= 1
PLACE ?= places/calderdale
SERVE ?= 1
PORT ?= 8000
NAME = $(notdir $(PLACE:/=))
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench gauntlet docs screenshots lock clean set-up-demo set-up-test

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: set-up-demo ## invent a place, build its record, write its pages and serve them (PEOPLE=210000 for full size, SERVE=0 to stop after writing)
	@$(BIN)/joinedup demo $(PLACE) --people $(PEOPLE) --seed $(SEED) --out demo/$(NAME) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: set-up-test ## run every test
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n auto --dist loadscope

check: set-up-test ## format, lint, types, layers, SQL subset, docs fresh
	@$(BIN)/ruff format --check --quiet . || (echo "not formatted: make format" && exit 1)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tools.tables
	@$(BIN)/python -m tools.reference --check

format: set-up-test ## format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: set-up-test ## measure landing and build against plain copies of the same data (PEOPLE=210000)
	@$(BIN)/python benchmarks/run.py --people $(if $(filter command line,$(origin PEOPLE)),$(PEOPLE),210000)

gauntlet: set-up-test ## try every broken input and fault against one build, and print the score
	@$(BIN)/python -m benchmarks.gauntlet

docs: set-up-test ## write docs/reference from the .yml files
	@$(BIN)/python -m tools.reference

screenshots: set-up-test ## take the pictures of docs/screenshots again from the demo's pages
	@$(BIN)/python -m tools.screenshots demo/$(NAME)/pages docs/screenshots

lock: ## lock the requirement files again, with hashes and without addresses
	@for name in base spark registers build styles dev; do \
	  .uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    requirements/$$name.in --output-file requirements/$$name.txt $(LOCK) || exit 1; done

clean: ## remove what demos made; never .joinedup, whose registers of people can't be made again
	@rm -rf demo build dist *.egg-info

set-up-demo:
	@$(PYTHON) tools/set_up.py demo

set-up-test:
	@$(PYTHON) tools/set_up.py test
