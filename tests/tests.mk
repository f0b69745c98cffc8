# Tests. Unit tests are cmocka programs, built in the release, asan and tsan modes; integration
# tests are shell functions that drive the program as a user does. Nothing names a test twice:
# a file tests/unit/test_*.c is a test. Those of the runner and the allocators, which are linked
# of other things, have rules of their own in tests/*/*.mk.
TEST_LIBS := -lcmocka
UNIT_TESTS :=
include $(sort $(wildcard tests/*/*.mk))

HARNESS_TESTS := $(filter-out $(UNIT_TESTS),$(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c)))
FIXTURES      := $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/*_fixture.c))
UNIT_TESTS    += $(HARNESS_TESTS)

$(B)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(foreach s,$(STAGES),-Iharness/$(s)) -Iharness/recorder -Iworkloads -c -o $@ $<
$(B)/tests/unit/libfixtures.a: $(FIXTURES)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(HARNESS_TESTS): %: %.o $(B)/tests/unit/libfixtures.a $(B)/libharness.a | $(LIBRARIES) $(B)/heapmark-runner
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)

# The thread sanitizer has nothing to find where there is one thread: there, only tests of what has
# threads, or shares memory with other processes.
WITH_THREADS := check heap_map merge program_trial recorder recorder_order recorder_ring replay runner_latency \
                runner_pacer runner_replay runner_trial sample self_noise store_crash workload_parts workload_runs
THREAD_TESTS := $(filter $(B)/tests/allocators/% $(addprefix $(B)/tests/unit/test_,$(WITH_THREADS)),$(UNIT_TESTS))
unit-tests: $(if $(filter tsan,$(MODE)),$(THREAD_TESTS),$(UNIT_TESTS)) $(B)/tests/figures/make_trace $(SOAKS)

# One set of flags a build folder, so one make a mode; each includes this same Makefile.
SANITIZED_MODES := asan tsan
SANITIZED_TESTS := $(patsubst $(B)/%,build/asan/%,$(UNIT_TESTS)) $(patsubst $(B)/%,build/tsan/%,$(THREAD_TESTS))
test: all unit-tests check-headers
	+@for mode in $(SANITIZED_MODES); do $(MAKE) --no-print-directory MODE=$$mode all unit-tests || exit 1; done
	B=$(B) tests/run --beside tests/soak/soak.sh $(UNIT_TESTS) $(SANITIZED_TESTS) $(wildcard tests/integration/*.sh)

# What heapmark itself costs; docs/figures.md.
$(B)/tests/figures/%.o: tests/figures/%.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(foreach s,$(STAGES),-Iharness/$(s)) -Iharness/recorder -Iworkloads -Itests/unit -c -o $@ $<
$(B)/tests/figures/figures $(B)/tests/figures/own_cost: $(B)/tests/figures/%: $(B)/tests/figures/%.o \
    $(B)/tests/figures/bench.o $(B)/libharness.a
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS)
$(B)/tests/figures/make_trace: $(B)/tests/figures/make_trace.o $(B)/libharness.a
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS)
# They look for the runner beside themselves.
$(B)/figures $(B)/own_cost: $(B)/%: $(B)/tests/figures/% all
	@cp $< $@
figures: $(B)/figures $(B)/tests/figures/make_trace $(B)/tests/unit/shim_ring.so
	$(B)/tests/figures/make_trace build/figures-one.hmt 1000000 1 100000 0 plain
	$(B)/tests/figures/make_trace build/figures-two.hmt 1000000 2 5000 50 plain
	$(B)/figures
# What each workload costs beside its allocator: two minutes.
figures-workloads: $(B)/own_cost $(B)/tests/unit/shim_ring.so
	$(B)/own_cost
# How often verdicts are right on simulated machines; docs/verdicts.md.
$(B)/tests/figures/verdict_rates: $(B)/tests/figures/verdict_rates.o $(B)/tests/unit/libfixtures.a $(B)/libharness.a
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)
figures-verdict: $(B)/tests/figures/verdict_rates
	$<
.PHONY: unit-tests test figures figures-workloads figures-verdict

# What recording costs; docs/recording.md. Some minutes; wants a quiet machine.
figures-record: all
	tests/figures/record_cost.py
.PHONY: figures-record
# Whether counts of instructions repeat; docs/counts.md.
figures-counts: all
	tests/figures/count_repeats.py
.PHONY: figures-counts
# Real programs under brkmap, or another library, from start to end; docs/judges.md. Half an hour.
PROGRAMS_LIBRARY ?= $(B)/libbrkmap.so
PROGRAMS_WANTED  ?=
programs-under-brkmap: all
	tests/programs_under.sh $(PROGRAMS_LIBRARY) $(PROGRAMS_WANTED)
.PHONY: programs-under-brkmap
