/* Pages outside the garbage collector's heap. */
#include <errno.h>
#include <sys/mman.h>

#include "hamirror_shim.h"

void *hm_pages_alloc(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void hm_pages_free(void *pages, size_t bytes)
{
    if (pages != NULL)
        munmap(pages, bytes);
}

int hm_pages_forget(void *pages, size_t bytes)
{
    return madvise(pages, bytes, MADV_DONTNEED) < 0 ? -errno : 0;
}

int hm_pages_prefer_huge(void *pages, size_t bytes)
{
    return madvise(pages, bytes, MADV_HUGEPAGE) < 0 ? -errno : 0;
}
