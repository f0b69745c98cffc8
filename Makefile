# heapmark: one Makefile, no configure. Settings first; `make help` lists the targets.

MODE     ?= release
PREFIX   ?= /usr/local
DESTDIR  ?=
CC       ?= cc
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

# ---- flags -----------------------------------------------------------------
BASE_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
               -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef -Wwrite-strings -pthread \
               -DHEAPMARK_VERSION='"$(VERSION)"'
CFLAGS_release := -O2 -g
CFLAGS_debug   := -O0 -g3 -DHEAPMARK_DEBUG
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
ifeq ($(CFLAGS_$(MODE)),)
$(error MODE=$(MODE) is unknown; it is one of release, debug, asan, tsan)
endif
CFLAGS ?=
COMPILE = $(CC) $(BASE_CFLAGS) $(CFLAGS_$(MODE)) $(CFLAGS) -MMD -MP

# Where malloc is made or measured the compiler must not reason about it.
NO_BUILTIN := -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free \
              -fno-builtin-aligned_alloc -fno-builtin-memalign -fno-builtin-posix_memalign
# A preloaded library is never sanitized: it must load into any program.
PRELOAD_CFLAGS := -O2 -g -fPIC -fvisibility=hidden -ftls-model=initial-exec $(NO_BUILTIN)
PRELOAD_LDFLAGS := -shared -Wl,-z,now -Wl,-z,nodelete -Wl,--no-undefined

B := build/$(MODE)

# ---- who may include whom: a folder sees only what stands before it ---------
INC_common     := common
INC_plan       := common plan
INC_launch     := common plan launch
INC_sample     := common launch sample
INC_store      := common plan sample store
INC_statistics := common statistics
INC_output     := common store statistics output
INC_run        := common plan launch sample store run
INC_cli        := common plan launch sample store statistics output run cli
STAGES         := common plan launch sample store statistics output run cli
includes        = $(addprefix -Iharness/,$(INC_$(1)))
INC_runner     := -Iharness/common -Iharness/runner -Iworkloads -Iallocators/include
INC_workloads  := -Iworkloads
INC_allocators := -Iallocators/include -Iallocators/common
HARNESS_LIBS   := -lsqlite3 -ljansson -linih -lmd -lm

# ---- objects ---------------------------------------------------------------
stage_objects   = $(patsubst %.c,$(B)/%.o,$(wildcard harness/$(1)/*.c))
HARNESS_OBJECTS := $(foreach s,$(STAGES),$(call stage_objects,$(s)))
RUNNER_SHARED   := $(addprefix $(B)/harness/common/,units.o)
RUNNER_OBJECTS  := $(patsubst %.c,$(B)/%.o,$(wildcard harness/runner/*.c workloads/*.c)) $(RUNNER_SHARED)
FREELIST_POLICIES := first next best worst
ALLOCATORS      := bump $(addprefix freelist-,$(FREELIST_POLICIES))
LIBRARIES       := $(patsubst %,$(B)/lib%.so,$(ALLOCATORS)) $(B)/libheapmark-witness.so
PROGRAMS        := $(B)/heapmark $(B)/heapmark-runner

all: $(PROGRAMS) $(LIBRARIES) heapmark
heapmark:
	ln -sfn $(B)/heapmark $@
.PHONY: all heapmark

define stage_rule
$(B)/harness/$(1)/%.o: harness/$(1)/%.c
	@mkdir -p $$(@D)
	$$(COMPILE) $$(call includes,$(1)) -c -o $$@ $$<
endef
$(foreach s,$(STAGES),$(eval $(call stage_rule,$(s))))

$(B)/harness/runner/%.o: harness/runner/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(NO_BUILTIN) $(INC_runner) -c -o $@ $<
$(B)/workloads/%.o: workloads/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(NO_BUILTIN) $(INC_workloads) -c -o $@ $<

$(B)/libharness.a: $(HARNESS_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^
$(B)/heapmark: $(B)/libharness.a
	$(COMPILE) -o $@ -Wl,--whole-archive $< -Wl,--no-whole-archive $(HARNESS_LIBS)
$(B)/heapmark-runner: $(RUNNER_OBJECTS)
	$(COMPILE) -o $@ $^

# ---- preloaded libraries ---------------------------------------------------
# Built in release flags in every mode; -DHEAPMARK_DEBUG turns their assertions on.
PRELOAD = $(CC) $(BASE_CFLAGS) $(if $(filter debug,$(MODE)),-DHEAPMARK_DEBUG) $(CFLAGS) -MMD -MP $(PRELOAD_CFLAGS)
$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(PRELOAD) $(INC_allocators) -I$(<D) -c -o $@ $<
pic = $(patsubst %.c,$(B)/pic/%.o,$(1))
COMMON_PIC   := $(call pic,$(wildcard allocators/common/*.c))
FREELIST_PIC := $(call pic,$(filter-out $(wildcard allocators/freelist/policy_*.c),$(wildcard allocators/freelist/*.c)))
$(B)/libbump.so: $(COMMON_PIC) $(call pic,$(wildcard allocators/bump/*.c))
	$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/libfreelist-%.so: $(COMMON_PIC) $(FREELIST_PIC) $(B)/pic/allocators/freelist/policy_%.o
	$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/libheapmark-witness.so: $(call pic,$(wildcard harness/witness/*.c))
	$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^

include $(wildcard tests/tests.mk)
-include $(shell find build/$(MODE) -name '*.d' 2>/dev/null)

# ---- the rest --------------------------------------------------------------
HEADERS := $(shell git ls-files '*.h' 2>/dev/null)
INC_all := $(foreach s,$(STAGES),-Iharness/$(s)) $(INC_runner) $(INC_allocators) -Iallocators/freelist
check-headers:
	@for h in $(HEADERS); do \
	  $(CC) $(BASE_CFLAGS) $(INC_all) -fsyntax-only -x c $$h -Wno-unused || { echo "$$h does not compile alone"; exit 1; }; done
	@echo "check-headers: $(words $(HEADERS)) headers compile alone"
clean:
	rm -rf build heapmark
.PHONY: check-headers clean
.DEFAULT_GOAL := all
