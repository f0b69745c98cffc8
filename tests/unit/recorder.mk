# The program that test_recorder records: never sanitized, since a sanitizer brings a malloc of
# its own. It calls C++'s operators by their mangled names, so it needs libstdc++, but no C++.
RECORDED := $(B)/tests/unit/recorder_program
$(RECORDED): tests/unit/recorder_program.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(RUNNER_COMPILE) $(NO_BUILTIN) -o $@ $< -l:libstdc++.so.6 -ldl
$(B)/tests/unit/test_recorder: | $(RECORDED) $(B)/tests/unit/shim_reentrant.so
$(B)/tests/unit/test_recorder.o $(B)/tests/unit/ring_fixture.o: CFLAGS += -Iharness/recorder
