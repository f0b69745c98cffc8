/* A new block of operations; see address_model.h. */
#include "address_model.h"

#include <string.h>

void address_model_reset(struct address_model *model)
{
    model->births = model->last_birth = 0;
    model->last_apart = model->behind = 0;
    memset(model->stack, 0, sizeof model->stack);
}
