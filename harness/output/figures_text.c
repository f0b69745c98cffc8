/* Figures, bars and curves of characters; see figures_text.h. */
#include "figures_text.h"

#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { EIGHTHS = 8 };

char *figures_grouped(char *text, uint64_t value)
{
    char digits[UNITS_TEXT_BYTES];
    size_t count = (size_t)(units_append_decimal(digits, value) - digits);
    char *end = text;
    for (size_t i = 0; i < count; i++) {
        *end++ = digits[i];
        if ((count - i - 1) % 3 == 0 && i + 1 < count)
            *end++ = ',';
    }
    *end = '\0';
    return text;
}

char *figures_share(char *text, uint64_t part, uint64_t whole)
{
    double percent = whole > 0 ? 100.0 * (double)part / (double)whole : 0;
    if (part == 0)
        snprintf(text, FIGURES_TEXT_BYTES, "0 %%");
    else if (part == whole)
        snprintf(text, FIGURES_TEXT_BYTES, "100 %%");
    else if (percent < 0.05)
        snprintf(text, FIGURES_TEXT_BYTES, "<0.1 %%");
    else
        snprintf(text, FIGURES_TEXT_BYTES, "%.1f %%", percent > 99.9 ? 99.9 : percent);
    return text;
}

bool figures_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

char *figures_bar(char *line, uint64_t part, uint64_t whole, bool utf8)
{
    static const char *const ends[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    char *end = line;
    unsigned eighths =
        whole == 0 ? 0
                   : (unsigned)((unsigned __int128)part * FIGURES_BAR_COLUMNS * EIGHTHS / whole);
    if (eighths > FIGURES_BAR_COLUMNS * EIGHTHS)
        eighths = FIGURES_BAR_COLUMNS * EIGHTHS;
    if (eighths == 0 && part > 0)
        eighths = 1;
    unsigned full = utf8 ? eighths / EIGHTHS : (eighths + EIGHTHS - 1) / EIGHTHS;
    for (unsigned i = 0; i < full; i++)
        end = stpcpy(end, utf8 ? "█" : "#");
    *end = '\0';
    if (utf8)
        stpcpy(end, ends[eighths % EIGHTHS]);
    return line;
}

char *figures_curve(char *line, const uint64_t *value, bool utf8)
{
    static const char *const blocks[EIGHTHS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[EIGHTHS + 1] = {" ", "_", ".", "-", "~", "=", "+", "*", "#"};
    uint64_t most = 0;
    char *end = line;
    for (size_t i = 0; i < FIGURES_CURVE_COLUMNS; i++)
        most = value[i] > most ? value[i] : most;
    for (size_t i = 0; i < FIGURES_CURVE_COLUMNS; i++) {
        /* Rounded up: a column shows whatever is there. */
        unsigned height =
            most == 0 ? 0 : (unsigned)(((unsigned __int128)value[i] * EIGHTHS + most - 1) / most);
        end = stpcpy(end, (utf8 ? blocks : plain)[height]);
    }
    return line;
}
