/*
 * Draws one chart with gnuplot, in both formats. Texts reach gnuplot as data files and string
 * arguments only, never as code.
 */
#ifndef HEAPMARK_GNUPLOT_CHART_H
#define HEAPMARK_GNUPLOT_CHART_H

/* Told of every file once it stands complete under its own name. */
typedef void chart_written_fn(void *argument, const char *path);

/* All paths are absolute, so that gnuplot takes none for a pipe or an option. */
struct gnuplot_chart {
    const char *plots;  /* folder of scripts */
    const char *script; /* <plots>/<script>.gp */
    const char *tables; /* folder the script reads */
    const char *output; /* folder to draw into */
    const char *name;   /* of the files, without suffix */
    const char *footer;
    const char *extra; /* one more argument for the script, or NULL */
    chart_written_fn *written;
    void *argument;
};

/* Runs `gnuplot -c SCRIPT TABLES STEM FOOTER [EXTRA]`. Both files appear complete or not at all,
 * and replace those of the same name. Returns 0, or -1 with a message (MESSAGE_BYTES). */
int gnuplot_chart_draw(const struct gnuplot_chart *chart, char *message);

/* The absolute path of a folder that allows `needed` (of access(2)); to be freed. NULL with a
 * message. */
char *gnuplot_chart_folder(const char *path, int needed, char *message);

#endif
