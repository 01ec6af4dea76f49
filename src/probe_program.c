/*
 * holdfast-probe: what `holdfast probe` runs.
 */
#include "src/probe.h"

int main(int argc, char **argv)
{
    return probe_main(argc, argv);
}
