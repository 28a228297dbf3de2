/*
 * Acting as another user for the creation of files.
 *
 * The raw calls act on this thread alone; glibc's setfsuid does too, but its capset counterpart would need libcap.
 * Leaving file-system uid 0 makes the kernel drop the file capabilities (CAP_CHOWN, CAP_DAC_OVERRIDE,
 * CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, ...) from the effective set, capabilities(7). The kernel has
 * already judged the request for the user (default_permissions), so they are raised again at once: a second judgement
 * here, without the user's supplementary groups, would refuse what is allowed. Returning to uid 0 restores them itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hamirror_shim.h"

static int keep_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) < 0)
        return -errno;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        sets[i].effective = sets[i].permitted;
    return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

/* setfsuid and setfsgid report no failure: asking again with an impossible id returns what holds now. */
static int set_id(long number, uint32_t id)
{
    syscall(number, id);
    return (uint32_t)syscall(number, (uint32_t)-1) == id ? 0 : -EPERM;
}

int hm_act_as(uint32_t uid, uint32_t gid)
{
    if (uid == (uint32_t)-1 || gid == (uint32_t)-1)
        return -EINVAL;
    int result = set_id(SYS_setfsgid, gid);
    if (result == 0)
        result = set_id(SYS_setfsuid, uid);
    if (result == 0 && uid != 0)
        result = keep_capabilities();
    return result;
}

int hm_umask(uint32_t mask)
{
    return (int)umask(mask);
}
