/* Blocks on their way from one worker to another; see mailboxes.h. */
#include "mailboxes.h"

struct mailbox {
    uint32_t count;
    struct piece pieces[];
};

static size_t box_bytes(const struct mailboxes *mail)
{
    size_t bytes = sizeof(struct mailbox) + mail->capacity * sizeof(struct piece);
    return (bytes + 127) & ~(size_t)127; /* no line shared by two senders */
}

static struct mailbox *box_of(const struct mailboxes *mail, unsigned lap, unsigned sender,
                              unsigned receiver)
{
    size_t place = ((size_t)(lap & 1) * mail->threads + sender) * mail->threads + receiver;
    return (struct mailbox *)(void *)(mail->boxes + place * box_bytes(mail));
}

void mailboxes_init(struct mailboxes *mail, struct trial *trial, uint64_t lap_maximum)
{
    unsigned receivers = trial->threads > 1 ? trial->threads - 1 : 1;
    mail->threads = trial->threads;
    mail->capacity = (uint32_t)(lap_maximum / receivers + 1);
    mail->boxes = trial_memory(trial, 2 * box_bytes(mail) * trial->threads * trial->threads);
}

void mailboxes_send(struct mailboxes *mail, struct worker *worker, unsigned lap, uint32_t number,
                    struct piece piece, enum touch touch)
{
    unsigned receiver = worker->index;
    if (mail->threads > 1)
        receiver = (worker->index + 1 + number % (mail->threads - 1)) % mail->threads;
    struct mailbox *box = box_of(mail, lap, worker->index, receiver);
    if (box->count == mail->capacity) {
        piece_give(worker, &piece, touch);
        return;
    }
    box->pieces[box->count++] = piece;
}

void mailboxes_empty(struct mailboxes *mail, struct worker *worker, unsigned lap, enum touch touch)
{
    for (unsigned sender = 0; sender < mail->threads; sender++) {
        struct mailbox *box = box_of(mail, lap, sender, worker->index);
        for (uint32_t i = 0; i < box->count; i++)
            piece_give(worker, &box->pieces[i], touch);
        box->count = 0;
    }
}
