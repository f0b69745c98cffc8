# The program that test_recorder* record: never sanitized, since a sanitizer brings a malloc of
# its own. It calls C++'s operators by their mangled names, so it needs libstdc++, but no C++.
RECORDED := $(B)/tests/unit/recorder_program
$(RECORDED): tests/unit/recorder_program.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(RUNNER_COMPILE) $(NO_BUILTIN) -o $@ $< -l:libstdc++.so.6 -ldl
RECORDER_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_recorder*.c))
$(RECORDER_TESTS): | $(RECORDED) $(B)/tests/unit/shim_reentrant.so $(B)/tests/unit/shim_early.so
$(addsuffix .o,$(RECORDER_TESTS)) $(B)/tests/unit/recorder_fixture.o $(B)/tests/unit/ring_fixture.o: CFLAGS += -Iharness/recorder
