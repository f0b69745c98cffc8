# heapmark: one Makefile, no configure. Settings first; `make help` lists the targets.

MODE     ?= release
# V=1 shows the commands
V        ?=
PREFIX   ?= /usr/local
DESTDIR  ?=
CC       ?= cc
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

Q := $(if $(V),,@)

# ---- flags -----------------------------------------------------------------
BASE_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
               -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef -Wwrite-strings -pthread
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

# Another machine's programs lie apart: make CC=aarch64-linux-gnu-gcc preloads.
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
B := build/$(if $(filter-out $(shell uname -m),$(MACHINE)),$(MACHINE)-)$(MODE)

# ---- who may include whom: a folder sees only what stands before it ---------
INC_common     := common
INC_trace      := common trace
INC_convert    := common trace convert
INC_analysis   := common trace analysis
INC_record     := common trace recorder record
INC_replay     := common trace replay
INC_plan       := common plan
INC_pattern    := common trace analysis replay plan pattern
INC_launch     := common plan launch
INC_sample     := common launch sample ../workloads
INC_store      := common plan sample store
INC_statistics := common statistics
INC_output     := common trace analysis store statistics output
INC_map        := common replay launch sample output map
INC_run        := common trace analysis replay plan pattern launch sample store run
INC_check      := common plan launch statistics store output check
INC_compare    := common plan store statistics output compare
INC_cli        := common trace convert analysis recorder record replay plan pattern launch sample store statistics \
                  output map run check compare cli
# The commands with most files, each in a folder that sees the shared ones.
CLI_FOLDERS    := compare doctor trace
$(foreach f,$(CLI_FOLDERS),$(eval INC_cli/$(f) := $(INC_cli) cli/$(f)))
STAGES         := common trace convert analysis record replay plan pattern launch sample store statistics \
                  output map run check compare cli $(addprefix cli/,$(CLI_FOLDERS))
includes        = $(addprefix -Iharness/,$(INC_$(1)))
INC_runner     := -Iharness/common -Iharness/runner -Iworkloads -Iallocators/include
INC_workloads  := -Iworkloads
INC_allocators := -Iallocators/include -Iallocators/common
HARNESS_LIBS   := -lsqlite3 -ljansson -linih -lmd -lzstd -lxxhash -lz -lm

# ---- objects ---------------------------------------------------------------
stage_objects   = $(patsubst %.c,$(B)/%.o,$(wildcard harness/$(1)/*.c))
HARNESS_OBJECTS := $(foreach s,$(STAGES),$(call stage_objects,$(s)))
RUNNER_SOURCES  := $(wildcard harness/runner/*.c workloads/*.c) $(addprefix harness/common/,units.c version.c)
FREELIST_POLICIES := first next best worst
ALLOCATORS      := bump brkmap $(addprefix freelist-,$(FREELIST_POLICIES))
LIBRARIES       := $(patsubst %,$(B)/lib%.so,$(ALLOCATORS) brkmap-hardened) $(B)/libheapmark-witness.so \
                   $(B)/libheapmark-still-clock.so \
                   $(B)/libheapmark-recorder.so $(B)/libheapmark-check-guest.so
CHECK_SOURCES   := $(wildcard harness/checks/*.c) harness/runner/malloc_owner.c
PROGRAMS        := $(B)/heapmark $(B)/heapmark-runner $(B)/heapmark-check

all: $(PROGRAMS) $(LIBRARIES) heapmark
# What needs no library but the C library.
preloads: $(LIBRARIES) $(B)/heapmark-check $(B)/heapmark-runner
heapmark:
	@ln -sfn $(B)/heapmark $@
.PHONY: all preloads heapmark

define stage_rule
$(B)/harness/$(1)/%.o: harness/$(1)/%.c
	@mkdir -p $$(@D)
	@echo "  CC    $$<"
	$(Q)$$(COMPILE) $$(call includes,$(1)) -c -o $$@ $$<
endef
$(foreach s,$(STAGES),$(eval $(call stage_rule,$(s))))

$(B)/harness/runner/%.o: harness/runner/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(NO_BUILTIN) $(INC_runner) -c -o $@ $<
$(B)/workloads/%.o: workloads/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(NO_BUILTIN) $(INC_workloads) -c -o $@ $<

# Only version.o depends on the commit; the stamp changes when the commit does.
$(shell mkdir -p $(B); echo '$(VERSION)' | cmp -s - $(B)/version.txt || echo '$(VERSION)' >$(B)/version.txt)
VERSION_OBJECTS := $(B)/harness/common/version.o $(B)/plain/harness/common/version.o
$(VERSION_OBJECTS): $(B)/version.txt
$(VERSION_OBJECTS): BASE_CFLAGS += -DHEAPMARK_VERSION='"$(VERSION)"'

# An archive holds one object of a name: the second would silently replace the first.
TWINS := $(shell printf '%s\n' $(notdir $(HARNESS_OBJECTS)) | sort | uniq -d)
$(if $(TWINS),$(error two stages of harness/ have a source of the same name: $(TWINS:.o=.c)))
# Everything but main: the program is made of it, and so are the unit tests.
$(B)/libharness.a: $(filter-out $(B)/harness/cli/main.o,$(HARNESS_OBJECTS))
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/heapmark: $(B)/harness/cli/main.o $(B)/libharness.a
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS)
# The process under test is never sanitized: a sanitizer brings a malloc of its own. Its sources
# are, in the unit tests.
RUNNER_COMPILE = $(CC) $(BASE_CFLAGS) $(CFLAGS_$(if $(filter debug,$(MODE)),debug,release)) $(CFLAGS) -MMD -MP
$(B)/plain/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (plain)"
	$(Q)$(RUNNER_COMPILE) $(NO_BUILTIN) $(if $(filter workloads/%,$<),$(INC_workloads),$(INC_runner)) -c -o $@ $<
$(B)/heapmark-runner: $(patsubst %.c,$(B)/plain/%.o,$(RUNNER_SOURCES))
	@echo "  LINK  $@"
	$(Q)$(RUNNER_COMPILE) -o $@ $^

$(B)/heapmark-check: $(patsubst %.c,$(B)/plain/%.o,$(CHECK_SOURCES))
	@echo "  LINK  $@"
	$(Q)$(RUNNER_COMPILE) -o $@ $^

# ---- preloaded libraries ---------------------------------------------------
# Built in release flags in every mode; -DHEAPMARK_DEBUG turns their assertions on.
PRELOAD = $(CC) $(BASE_CFLAGS) $(if $(filter debug,$(MODE)),-DHEAPMARK_DEBUG) $(CFLAGS) -MMD -MP $(PRELOAD_CFLAGS)
$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (preload)"
	$(Q)$(PRELOAD) $(INC_allocators) -I$(<D) -c -o $@ $<
pic = $(patsubst %.c,$(B)/pic/%.o,$(1))
COMMON_PIC   := $(call pic,$(wildcard allocators/common/*.c))
FREELIST_PIC := $(call pic,$(filter-out $(wildcard allocators/freelist/policy_*.c),$(wildcard allocators/freelist/*.c)))
# What only one of its two variants has.
BRKMAP          := $(filter-out $(addprefix allocators/brkmap/,hardened.c huge_guarded.c),$(wildcard allocators/brkmap/*.c))
BRKMAP_HARDENED := $(filter-out allocators/brkmap/huge_pool.c,$(wildcard allocators/brkmap/*.c))
# Code that runs seldom, or beside a system call: short, since its pages lie in every process.
SELDOM := $(addprefix allocators/common/,fork.c lock.c os.c os_resident.c report.c) $(addprefix allocators/brkmap/,\
	describe.c figures.c huge.c huge_pool.c region_cache.c region_system.c span_table.c thread_life.c walk.c)
$(call pic,$(SELDOM)) $(patsubst %.c,$(B)/pic/hardened/%.o,$(SELDOM)): PRELOAD_CFLAGS += -Os
$(B)/libbump.so: $(COMMON_PIC) $(call pic,$(wildcard allocators/bump/*.c))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/libbrkmap.so: $(COMMON_PIC) $(call pic,$(BRKMAP))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
# The same sources with every check, and huge blocks otherwise.
$(B)/pic/hardened/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (hardened)"
	$(Q)$(PRELOAD) -DBRKMAP_HARDENED $(INC_allocators) -I$(<D) -c -o $@ $<
$(B)/libbrkmap-hardened.so: $(COMMON_PIC) $(patsubst %.c,$(B)/pic/hardened/%.o,$(BRKMAP_HARDENED))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/libfreelist-%.so: $(COMMON_PIC) $(FREELIST_PIC) $(B)/pic/allocators/freelist/policy_%.o
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/pic/harness/recorder/%.o: INC_allocators += -Iharness/common -Iharness/trace
$(B)/libheapmark-witness.so: $(call pic,$(wildcard harness/witness/*.c))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/libheapmark-still-clock.so: $(call pic,$(wildcard harness/still_clock/*.c))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
# It has to come and go: not 'nodelete', and no initial-exec TLS, whose room is small.
$(B)/pic/harness/checks/guest/%.o: PRELOAD_CFLAGS := $(filter-out -ftls-model=%,$(PRELOAD_CFLAGS))
$(B)/libheapmark-check-guest.so: PRELOAD_LDFLAGS := $(filter-out %nodelete,$(PRELOAD_LDFLAGS))
$(B)/libheapmark-check-guest.so: $(call pic,$(wildcard harness/checks/guest/*.c))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^
$(B)/libheapmark-recorder.so: $(call pic,$(wildcard harness/recorder/*.c))
	@echo "  LINK  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -Wl,-soname,$(@F) -o $@ $^

# ---- packages ---------------------------------------------------------------
PACKAGES := gcc make libc6-dev libsqlite3-dev libjansson-dev libinih-dev libmd-dev libcmocka-dev \
            libzstd-dev libxxhash-dev zlib1g-dev \
            gnuplot-nox fonts-dejavu-core hyperfine strace valgrind \
            libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4 libtbbmalloc2 \
            sqlite3 python3 redis-server redis-tools lua5.4 z3
# The other programs of the suite `programs`: apart, since two of them bring a server that Debian
# starts, here told not to. What is missing is skipped.
PROGRAM_PACKAGES := git perl-base ruby ghostscript xz-utils zstd rocksdb-tools nginx-light wrk postgresql-15
deps-programs: export RUNLEVEL = 1
deps-programs: PACKAGES = $(PROGRAM_PACKAGES)
deps deps-programs:
	@missing=$$(for p in $(PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then echo "deps: every package is there"; exit 0; fi; \
	echo "deps: installing" $$missing; \
	if [ $$(id -u) = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; \
	else echo "deps: needs root: run as root: apt-get install" $$missing >&2; exit 1; fi; \
	$$sudo apt-get update -qq && \
	$$sudo env DEBIAN_FRONTEND=noninteractive $${RUNLEVEL:+RUNLEVEL=$$RUNLEVEL} apt-get install -y -qq --no-install-recommends $$missing

# ---- running ----------------------------------------------------------------
bench: all
	./heapmark run default --plot
plots: all
	./heapmark plot

# The allocators of this tree: exact measures against the baseline, and exact ones and times against
# themselves at REGRESS_BASE; docs/gate.md.
REGRESS_BASE     ?= main
REGRESS_BASELINE ?= results/baseline.json
REGRESS          ?= $(ALLOCATORS)
REGRESS_OPTIONS  ?=
regress: all
	@failed=; undecided=; \
	gate() { what=$$1; shift; ./heapmark gate $(addprefix -a ,$(REGRESS)) "$$@"; \
	    case $$? in 0) ;; 2) undecided="$$undecided $$what" ;; 130) exit 130 ;; *) failed="$$failed $$what" ;; esac; }; \
	[ -z '$(REGRESS_BASELINE)' ] || gate '$(REGRESS_BASELINE)' -b '$(REGRESS_BASELINE)' \
	    --gate instructions,syscalls,usable,free,pss,faults; \
	if git diff --quiet '$(REGRESS_BASE)' -- allocators; then \
	    echo "regress: allocators/ is as it was at $(REGRESS_BASE)"; \
	else gate '$(REGRESS_BASE)' --against '$(REGRESS_BASE)' $(REGRESS_OPTIONS); fi; \
	[ -z "$$undecided" ] || echo "regress: not known whether it is worse than at:$$undecided"; \
	[ -z "$$failed" ] || { echo "regress: worse than at, or could not run against:$$failed"; exit 1; }
.PHONY: regress

# The conformance suite under every installed allocator, with a soak; docs/check.md. Some minutes.
CONFORMANCE_OPTIONS ?= --soak 60s --time-limit 60s
conformance: all
	./heapmark check $(CONFORMANCE_OPTIONS)
.PHONY: conformance

include $(wildcard tests/tests.mk)
-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- the rest --------------------------------------------------------------
HEADERS := $(wildcard */*.h */*/*.h */*/*/*.h)
INC_all := $(foreach s,$(STAGES),-Iharness/$(s)) -Iharness/recorder $(INC_runner) $(INC_allocators) -Iallocators/freelist -Iallocators/brkmap
check-headers:
	@for h in $(HEADERS); do \
	  $(CC) $(BASE_CFLAGS) $(INC_all) -fsyntax-only -x c $$h -Wno-unused || { echo "$$h does not compile alone"; exit 1; }; done
	@echo "check-headers: $(words $(HEADERS)) headers compile alone"
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/heapmark $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/include
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/heapmark/,suites programs plots traces patterns)
	install -m 755 $(B)/heapmark $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(B)/heapmark-runner $(B)/heapmark-check $(LIBRARIES) $(DESTDIR)$(PREFIX)/lib/heapmark/
	install -m 644 allocators/allocators.ini allocators/deviations.ini $(DESTDIR)$(PREFIX)/share/heapmark/
	install -m 644 workloads/suites/*.ini $(DESTDIR)$(PREFIX)/share/heapmark/suites/
	install -m 644 workloads/programs/* $(DESTDIR)$(PREFIX)/share/heapmark/programs/
	$(if $(wildcard workloads/traces/*),install -m 644 workloads/traces/* $(DESTDIR)$(PREFIX)/share/heapmark/traces/)
	install -m 644 workloads/patterns/* $(DESTDIR)$(PREFIX)/share/heapmark/patterns/
	install -m 644 plots/*.gp $(DESTDIR)$(PREFIX)/share/heapmark/plots/
	install -m 644 allocators/brkmap/brkmap.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 docs/heapmark.1 $(DESTDIR)$(PREFIX)/share/man/man1/
format:
	clang-format -i $(HEADERS) $(wildcard */*.c */*/*.c harness/*/*/*.c)
.PHONY: deps deps-programs bench plots install format
clean:
	rm -rf build heapmark
check: test
help:
	@echo "make              builds ./heapmark and its libraries (MODE=release|debug|asan|tsan, V=1)"
	@echo "make deps         installs the Debian packages that are missing (root or sudo)"
	@echo "make deps-programs  those of the other programs of the suite 'programs', two servers among them"
	@echo "make bench        runs the default suite, prints the table, draws the charts"
	@echo "make plots        draws the charts of the newest run again"
	@echo "make regress      the allocators of this tree against the baseline and REGRESS_BASE (main): is one worse?"
	@echo "make conformance  the conformance suite under every installed allocator"
	@echo "make programs-under-brkmap  real programs from start to end: the same output as without? (docs/judges.md)"
	@echo "make preloads     what needs only the C library; CC=aarch64-linux-gnu-gcc for another machine (docs/aarch64.md)"
	@echo "make soak         brkmap under threads that verify all they hold, SOAK_SECONDS long (MODE=asan|tsan, SOAK_OPTIONS)"
	@echo "make test         every test, the unit tests with sanitizers too (check is the same)"
	@echo "make fuzz         searches for input that breaks a reader, FUZZ_SECONDS long (needs clang)"
	@echo "make figures      measures what heapmark itself costs"
	@echo "make figures-workloads   measures what each workload costs beside its allocator (two minutes)"
	@echo "make figures-counts   counts instructions ten times over (an hour)"
	@echo "make figures-verdict  shows how often verdicts are right on simulated machines (a minute)"
	@echo "make figures-proof   the same on recorded noise (docs/proof.md); proof-record records it anew"
	@echo "make install      into PREFIX (default /usr/local), below DESTDIR"
	@echo "make check-headers, make format, make clean"
.PHONY: check check-headers clean help
.SECONDARY: # objects are kept, also those that only pattern rules name
.DEFAULT_GOAL := all
