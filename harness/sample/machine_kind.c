/* What kind of machine this is: of metal, a guest, a container. */
#include "machine.h"

#include "machine_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void look_at_guest(struct findings *findings, const char *root)
{
    char vendor[MACHINE_TEXT_BYTES], product[MACHINE_TEXT_BYTES], kind[MACHINE_TEXT_BYTES];
    machine_line(vendor, root, "/sys/class/dmi/id/sys_vendor");
    machine_line(product, root, "/sys/class/dmi/id/product_name");
    machine_line(kind, root, "/sys/hypervisor/type");
    bool guest = kind[0] != '\0' ||
                 machine_has_word(root, "/proc/cpuinfo", "flags", "hypervisor") ||
                 machine_exists(root, "/proc/device-tree/hypervisor/compatible");
    if (!guest) {
        finding_add(findings, "virtual", "no hypervisor seen");
        return;
    }
    struct finding *finding =
        finding_add(findings, "virtual", "a guest of a hypervisor%s%.40s%s%.40s%s%.40s",
                    kind[0] != '\0' ? ", " : "", kind, vendor[0] != '\0' ? ", " : "", vendor,
                    product[0] != '\0' ? " " : "", product);
    finding_judge(
        finding, SEVERITY_NOTE,
        "other guests slow trials by up to half, in episodes of seconds, unseen here",
        "compare by interleaved pairs (heapmark compare), never by runs of different hours");
}

static const char *container(const char *root)
{
    char text[MACHINE_TEXT_BYTES];
    if (machine_exists(root, "/.dockerenv"))
        return "docker";
    if (machine_exists(root, "/run/.containerenv"))
        return "podman";
    if (machine_line(text, root, "/run/systemd/container"))
        return "systemd knows of one";
    if (machine_line(text, root, "/proc/version") &&
        (strstr(text, "microsoft") != NULL || strstr(text, "Microsoft") != NULL))
        return "WSL";
    return NULL;
}

void machine_kind(struct findings *findings, const char *root)
{
    look_at_guest(findings, root);
    const char *name = container(root);
    finding_add(findings, "container", "%s", name != NULL ? name : "none seen");
}
