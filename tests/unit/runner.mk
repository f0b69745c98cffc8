# Tests of the runner and its workloads. They drive the program that is measured with, and, so
# that sanitizers see it, the same sources linked into the test (all but main.c). Adds to
# UNIT_TESTS.
RUNNER_T       := $(B)/tests/unit
RUNNER_TESTS   := $(patsubst tests/unit/%.c,$(RUNNER_T)/%,$(wildcard tests/unit/test_runner_*.c tests/unit/test_workload_*.c))
RUNNER_TESTED  := $(patsubst %.c,$(B)/%.o,$(filter-out harness/runner/main.c,$(RUNNER_SOURCES)))
RUNNER_SHIMS   := $(patsubst tests/unit/%.c,$(RUNNER_T)/%.so,$(wildcard tests/unit/shim_*.c))
RUNNER_OBJECTS := $(patsubst tests/unit/%.c,$(RUNNER_T)/%.o,$(wildcard tests/unit/runner_*.c tests/unit/test_runner_*.c tests/unit/test_workload_*.c))

$(RUNNER_OBJECTS): $(RUNNER_T)/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(INC_runner) -Itests/unit -c -o $@ $<
$(RUNNER_T)/test_runner_replay.o: INC_runner += -Iharness/trace -Iharness/replay
$(RUNNER_T)/test_runner_replay: REPLAY_LIBS := $(B)/libharness.a $(HARNESS_LIBS)
$(RUNNER_T)/test_runner_replay: $(B)/libharness.a $(RUNNER_T)/trace_fixture.o
$(RUNNER_T)/test_runner_latency $(RUNNER_T)/test_runner_pacer: REPLAY_LIBS := -lm
$(RUNNER_SHIMS): $(RUNNER_T)/%.so: tests/unit/%.c
	@mkdir -p $(@D)
	@echo "  SHIM  $@"
	$(Q)$(PRELOAD) $(PRELOAD_LDFLAGS) -o $@ $<
$(RUNNER_TESTS): $(RUNNER_T)/%: $(RUNNER_T)/%.o $(RUNNER_T)/runner_driver.o $(RUNNER_TESTED) | $(RUNNER_SHIMS) $(B)/heapmark-runner $(LIBRARIES)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $(filter %.o,$^) $(REPLAY_LIBS) $(TEST_LIBS)
$(RUNNER_T)/test_units: $(RUNNER_T)/test_units.o $(B)/harness/common/units.o
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(TEST_LIBS) -lm
UNIT_TESTS += $(RUNNER_TESTS) $(RUNNER_T)/test_units
