/*
 * Draws one chart with gnuplot: a script of plots/ is run on a folder of tables, and leaves an SVG
 * and a PNG. Names and labels reach gnuplot as data files and string arguments only, never as code.
 * A signal that ends the program (Ctrl-C, SIGTERM, SIGHUP, SIGQUIT) takes gnuplot and its drafts
 * along, unless somebody else handles it.
 */
#ifndef HEAPMARK_CHART_FILE_H
#define HEAPMARK_CHART_FILE_H

/* Told of every file once it stands complete under its own name. */
typedef void chart_written_fn(void *argument, const char *path);

enum { CHART_FOOTER_BYTES = 512 };

/* What the charts of one drawing share; the paths are absolute, so gnuplot can take none for a
 * pipe or an option. */
struct chart_folders {
    char *plots, *tables, *output; /* owned */
    char footer[CHART_FOOTER_BYTES];
    chart_written_fn *written;
    void *argument;
};

struct chart {
    const char *script;   /* plots/<script>.gp */
    const char *name;     /* of the files */
    const char *argument; /* for the script, behind TABLES STEM FOOTER; NULL: none */
};

/* Looks the three folders up; they must exist. Returns 0, or -1 with a message (MESSAGE_BYTES); to
 * be released in either case. The other members are left alone. */
int chart_folders_find(struct chart_folders *folders, const char *plots, const char *tables,
                       const char *output, char *message);
void chart_folders_release(struct chart_folders *folders);

/* Writes <name>.svg and <name>.png into the output folder. They appear complete or not at all, and
 * replace those of the same name. Returns 0, or -1 with a message. */
int chart_file_draw(const struct chart_folders *folders, const struct chart *chart, char *message);

#endif
