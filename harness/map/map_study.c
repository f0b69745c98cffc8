/* Holds the maps; see map_study.h. */
#include "map_study.h"

#include <stdlib.h>

int map_study_init(struct map_study *study, size_t allocators, size_t moments)
{
    *study = (struct map_study){.moments = moments};
    study->moment = calloc(moments, sizeof *study->moment);
    study->series = calloc(allocators, sizeof *study->series);
    if (study->moment == NULL || study->series == NULL)
        return -1;
    study->count = allocators;
    for (size_t i = 0; i < allocators; i++) {
        study->series[i].map = calloc(moments, sizeof *study->series[i].map);
        if (study->series[i].map == NULL)
            return -1;
    }
    return 0;
}

void map_study_release(struct map_study *study)
{
    for (size_t i = 0; i < study->count; i++) {
        for (size_t m = 0; study->series[i].map != NULL && m < study->moments; m++)
            heap_map_release(&study->series[i].map[m]);
        free(study->series[i].map);
    }
    free(study->series);
    free(study->moment);
    *study = (struct map_study){0};
}
