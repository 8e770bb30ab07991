/* SPDX-License-Identifier: Apache-2.0 */
/* Executes AVX2 without asking: what tests/old_cpu.sh holds its simulator against. */
int main(void)
{
    __asm__ volatile("vpaddd %%ymm0, %%ymm0, %%ymm0" ::: "xmm0");
    return 0;
}
