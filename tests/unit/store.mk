# Tests of the store, the statistics and the output: each is its file, the run it is fed with
# (run_fixture.c), and the stages up to output.
STORE_TESTS := $(addprefix $(B)/tests/unit/test_,statistics summary store store_failure output)
STORE_TEST_OBJECTS := $(B)/tests/unit/run_fixture.o \
                      $(foreach s,common store statistics output,$(call stage_objects,$(s)))
$(STORE_TESTS): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(STORE_TEST_OBJECTS)
	$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)
UNIT_TESTS += $(STORE_TESTS)
