/* SPDX-License-Identifier: Apache-2.0 */
/* The probe puts the includes before this, and the rows of the list with a closing brace after it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Bit fields have no address: the caller sets all bits of one, and this says which bits of the structure changed. */
static void bits(const char *name, const void *x, size_t size)
{
	const unsigned char *bytes = x;
	unsigned long long mask = 0;
	size_t at = 0, i;

	while (at < size && bytes[at] == 0) {
		at++;
	}
	for (i = at; i < size && i < at + 8; i++) {
		mask |= (unsigned long long)bytes[i] << (8 * (i - at));
	}
	printf("%s %zu 0x%llx\n", name, at, mask);
}

int main(void)
{
