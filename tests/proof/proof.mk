# The proof of verdicts on real noise; docs/proof.md.
$(B)/tests/proof/replay.o: tests/proof/replay.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(foreach s,$(STAGES),-Iharness/$(s)) -Itests/unit -c -o $@ $<
$(B)/tests/proof/replay: $(B)/tests/proof/replay.o $(B)/tests/unit/libfixtures.a $(B)/libharness.a
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)
# From the recorded trials, anywhere; some minutes of CPU time.
figures-proof: $(B)/tests/proof/replay
	$<
# New trials, on this machine; three quarters of an hour of nothing else.
proof-record: all
	[ -e build/proof/calibration.json ] || tests/proof/record.py calibrate
	tests/proof/record.py record
	tests/proof/record.py pack
.PHONY: figures-proof proof-record
