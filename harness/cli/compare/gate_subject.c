/* The allocators that a gate looks at; see gate_subject.h. */
#include "gate_subject.h"

#include "allocator_catalog.h"
#include "allocator_setting.h"
#include "elf_code.h"
#include "message.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding {
    struct gate_subjects *subjects;
    const struct gate_options *options;
    struct paths paths;
    struct allocator_catalog catalog;
    char *message;
};

void gate_subjects_release(struct gate_subjects *subjects)
{
    for (size_t i = 0; i < subjects->count; i++) {
        free(subjects->list[i].name);
        free(subjects->list[i].word);
        free(subjects->list[i].file);
        free(subjects->list[i].old);
    }
    free(subjects->list);
    *subjects = (struct gate_subjects){0};
}

static struct gate_subject *find_subject(const struct gate_subjects *subjects, const char *name,
                                         size_t length)
{
    for (size_t i = 0; i < subjects->count; i++)
        if (strlen(subjects->list[i].name) == length &&
            strncmp(subjects->list[i].name, name, length) == 0)
            return &subjects->list[i];
    return NULL;
}

/* NAME=LIBRARY is called NAME; settings belong to the name: "jemalloc:dirty_decay_ms=0". */
static char *name_of(const char *word)
{
    const char *settings = allocator_settings(word);
    size_t head = settings != NULL ? (size_t)(settings - word) - 1 : strlen(word);
    size_t length = strcspn(word, "=");
    char *name = NULL;
    if (asprintf(&name, "%.*s%s%s", (int)(length < head ? length : head), word,
                 settings != NULL ? ":" : "", settings != NULL ? settings : "") < 0)
        return NULL;
    return name;
}

/* The file of the word, or none for what is not preloaded. */
static int locate(struct finding *finding, struct gate_subject *subject)
{
    struct run run;
    run_init(&run);
    int result =
        allocator_add(&finding->catalog, subject->word, subject->name, &run, finding->message);
    if (result == 0 && run.allocators[0].path != NULL) {
        char *folder = realpath(finding->paths.programs, NULL);
        subject->file = realpath(run.allocators[0].path, NULL);
        size_t length = folder != NULL ? strlen(folder) : 0;
        subject->own = subject->file != NULL && length > 0 &&
                       strncmp(subject->file, folder, length) == 0 && subject->file[length] == '/';
        free(folder);
        if (subject->file == NULL)
            result = message_set(finding->message, "cannot find %s", run.allocators[0].path);
    }
    run_release(&run);
    return result;
}

static int add_subject(struct finding *finding, const char *word)
{
    struct gate_subjects *subjects = finding->subjects;
    char *name = name_of(word);
    struct gate_subject *grown =
        name != NULL ? reallocarray(subjects->list, subjects->count + 1, sizeof *subjects->list)
                     : NULL;
    if (grown == NULL) {
        free(name);
        return message_set(finding->message, "out of memory");
    }
    subjects->list = grown;
    bool twice = find_subject(subjects, name, strlen(name)) != NULL;
    struct gate_subject *subject = &grown[subjects->count++];
    *subject = (struct gate_subject){.name = name, .word = strdup(word), .changed = true};
    if (subject->word == NULL)
        return message_set(finding->message, "out of memory");
    if (twice)
        return message_set(finding->message, "-a %s: named twice", word);
    if (name[0] == '\0' || strchr(name, '/') != NULL)
        return message_set(finding->message,
                           "-a %s: give the library a name, as in -a mine=./libmine.so", word);
    return locate(finding, subject);
}

/* A stanza's name, perhaps with settings behind it. */
static bool is_known(const struct finding *finding, const char *name)
{
    struct run none;
    const char *settings = allocator_settings(name);
    char *head = settings != NULL ? strndup(name, (size_t)(settings - name) - 1) : strdup(name);
    run_init(&none);
    bool known = head != NULL && allocator_is_known(&finding->catalog, &none, head);
    free(head);
    return known;
}

static int add_of_baseline(struct finding *finding, const struct baseline *baseline)
{
    for (size_t a = 0; a < baseline->allocator_count; a++) {
        const char *name = baseline->allocators[a].name;
        if (!is_known(finding, name))
            return message_set(finding->message,
                               "the baseline has %s, and no allocator here is called that: say "
                               "where it is with -a %s=LIBRARY, or name with -a those to look at",
                               name, name);
        if (add_subject(finding, name) < 0)
            return -1;
    }
    return 0;
}

static int mark_changed(struct gate_subject *subject, const char *code_sha256, char *message)
{
    struct elf_code code;
    if (subject->file == NULL)
        return 0;
    if (elf_code_read(&code, subject->file, message) < 0)
        return -1;
    subject->changed = strcmp(code.sha256, code_sha256) != 0;
    return 0;
}

static int match_baseline(struct finding *finding, const struct baseline *baseline)
{
    for (size_t i = 0; i < finding->subjects->count; i++) {
        struct gate_subject *subject = &finding->subjects->list[i];
        int known = baseline_find_allocator(baseline, subject->name);
        if (known < 0)
            return message_set(finding->message,
                               "the baseline has no allocator called %s; add it with heapmark "
                               "gate --update -a %s",
                               subject->name, subject->word);
        if (mark_changed(subject, baseline->allocators[known].code_sha256, finding->message) < 0)
            return -1;
    }
    return 0;
}

int gate_subjects_find(struct gate_subjects *subjects, const struct gate_options *options,
                       const struct baseline *baseline, char *message)
{
    struct finding finding = {.subjects = subjects, .options = options, .message = message};
    const struct word_list *words = &options->run.allocators;
    int result = paths_init(&finding.paths, message);
    if (result == 0)
        result = allocator_catalog_load(&finding.catalog, &finding.paths, message);
    for (size_t i = 0; i < words->count && result == 0; i++)
        result = add_subject(&finding, words->words[i]);
    if (result == 0 && words->count == 0 && baseline != NULL)
        result = add_of_baseline(&finding, baseline);
    if (result == 0 && subjects->count == 0)
        result = message_set(message, "name the allocators with -a; there is no baseline that "
                                      "names them");
    if (result == 0 && baseline != NULL && !options->update && options->against == NULL)
        result = match_baseline(&finding, baseline);
    allocator_catalog_release(&finding.catalog);
    paths_release(&finding.paths);
    return result;
}

/* ---- the old libraries -------------------------------------------------------------- */

static int take_bases(struct finding *finding)
{
    struct gate_subjects *subjects = finding->subjects;
    for (size_t i = 0; i < finding->options->bases.count; i++) {
        const char *word = finding->options->bases.words[i], *sign = strrchr(word, '=');
        struct gate_subject *subject = sign != NULL
                                           ? find_subject(subjects, word, (size_t)(sign - word))
                                       : subjects->count == 1 ? &subjects->list[0]
                                                              : NULL;
        if (subject == NULL)
            return message_set(finding->message,
                               "--base %s: say of which allocator, as in --base NAME=LIBRARY, and "
                               "one that is looked at",
                               word);
        free(subject->old);
        subject->old = realpath(sign != NULL ? sign + 1 : word, NULL);
        if (subject->old == NULL)
            return message_set(finding->message, "--base %s: there is no such file", word);
    }
    return 0;
}

/* From the revision that the baseline was made of. */
static int name_revision(struct finding *finding, struct gate_subject *subject,
                         const char *revision)
{
    bool buildable = subject->own || finding->options->source.repository != NULL;
    if (subject->old != NULL)
        return 0;
    if (!buildable)
        snprintf(subject->why_no_old, sizeof subject->why_no_old,
                 "there is no old library to pair with: give --base %.60s=LIBRARY, or --repo, "
                 "--build and --library",
                 subject->name);
    else if (revision[0] == '\0')
        snprintf(subject->why_no_old, sizeof subject->why_no_old,
                 "the baseline does not know the revision of its source: give --base "
                 "%.60s=LIBRARY, or make it again with --repo, --build and --library",
                 subject->name);
    else if (asprintf(&subject->old, "%s@%s", subject->name, revision) < 0) {
        subject->old = NULL;
        return message_set(finding->message, "out of memory");
    }
    return 0;
}

/* Built at once: where the code is the same, nothing need be measured. */
static int build_old(struct finding *finding, struct gate_subject *subject,
                     const volatile sig_atomic_t *interrupted)
{
    struct revision revision;
    struct elf_code code;
    if (subject->old == NULL)
        return message_set(finding->message, "%s: %.400s", subject->name, subject->why_no_old);
    if (revision_build(&revision, subject->old, &finding->options->source, &finding->paths,
                       interrupted, finding->message) < 0)
        return -1;
    free(subject->old);
    subject->old = revision.library;
    if (elf_code_read(&code, subject->old, finding->message) < 0)
        return -1;
    return mark_changed(subject, code.sha256, finding->message);
}

int gate_subjects_find_old(struct gate_subjects *subjects, const struct gate_options *options,
                           const struct baseline *baseline,
                           const volatile sig_atomic_t *interrupted, char *message)
{
    struct finding finding = {.subjects = subjects, .options = options, .message = message};
    int result = paths_init(&finding.paths, message);
    if (result == 0)
        result = take_bases(&finding);
    for (size_t i = 0; i < subjects->count && result == 0; i++) {
        struct gate_subject *subject = &subjects->list[i];
        int known =
            options->against == NULL ? baseline_find_allocator(baseline, subject->name) : -1;
        result = name_revision(&finding, subject,
                               options->against != NULL ? options->against
                                                        : baseline->allocators[known].commit);
        if (result == 0 && options->against != NULL)
            result = build_old(&finding, subject, interrupted);
    }
    paths_release(&finding.paths);
    return result;
}
