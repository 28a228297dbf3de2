#include "check.h"
void test_guard(void)
{
}
