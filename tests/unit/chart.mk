# The drawing, its fixture, and everything of the harness but main.
CHART_TEST := $(B)/tests/unit/test_chart_draw
$(CHART_TEST): $(addprefix $(B)/tests/unit/,test_chart_draw.o chart_fixture.o) \
               $(filter-out $(B)/harness/cli/main.o,$(HARNESS_OBJECTS))
	$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)
UNIT_TESTS += $(CHART_TEST)
