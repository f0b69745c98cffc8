/*
 * Where heapmark's own files are: beside the program in a checkout (build/<mode>/heapmark with
 * the tree two folders up), or in lib/heapmark and share/heapmark of an installation.
 */
#ifndef HEAPMARK_PATHS_H
#define HEAPMARK_PATHS_H

struct paths {
    char *programs;   /* folder of heapmark-runner and the in-house libraries */
    char *allocators; /* allocators.ini */
    char *suites;     /* folder of suite files */
    char *stanzas;    /* folder of program stanzas */
    char *plots;      /* folder of gnuplot scripts */
    char *results;    /* where results go unless -o says otherwise: ./results in a checkout,
                         $XDG_DATA_HOME/heapmark or ~/.local/share/heapmark otherwise */
};

/* Found from /proc/self/exe. Returns 0, or -1 with a message. */
int paths_init(struct paths *paths, char *message);
void paths_release(struct paths *paths);
/* "folder/name", to be freed; NULL when memory is short. */
char *path_join(const char *folder, const char *name);

#endif
