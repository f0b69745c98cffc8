# Programs as workloads: everything of the harness but main, and a fixture. They run real
# programs, so the witness library has to be there.
PROGRAM_TESTS := $(addprefix $(B)/tests/unit/,test_program_plan test_program_trial)
$(PROGRAM_TESTS): %: %.o $(B)/tests/unit/program_fixture.o $(filter-out $(B)/harness/cli/main.o,$(HARNESS_OBJECTS)) | $(B)/libheapmark-witness.so
	$(COMPILE) -o $@ $(filter %.o,$^) $(HARNESS_LIBS) $(TEST_LIBS)
UNIT_TESTS += $(PROGRAM_TESTS)
