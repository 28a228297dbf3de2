/* Who we are, and how large our structs are: C# compares both before it calls anything else. */
#include "hamirror_shim.h"

_Static_assert(sizeof(struct hm_request) == 32, "hm_request");
_Static_assert(sizeof(struct hm_reply) == 24, "hm_reply");
_Static_assert(sizeof(struct hm_io) == 40, "hm_io");
_Static_assert(sizeof(struct hm_done) == 16, "hm_done");
_Static_assert(sizeof(struct hm_stat) == 96, "hm_stat");
_Static_assert(sizeof(struct hm_poll) == 8, "hm_poll");

uint32_t hm_shim_version(void)
{
    return HM_SHIM_VERSION;
}

int32_t hm_struct_size(int32_t which)
{
    switch (which) {
    case HM_STRUCT_REQUEST: return sizeof(struct hm_request);
    case HM_STRUCT_REPLY: return sizeof(struct hm_reply);
    case HM_STRUCT_IO: return sizeof(struct hm_io);
    case HM_STRUCT_DONE: return sizeof(struct hm_done);
    case HM_STRUCT_STAT: return sizeof(struct hm_stat);
    case HM_STRUCT_POLL: return sizeof(struct hm_poll);
    default: return -1;
    }
}
