namespace HaMirror.Comparison;

/// <summary>What one run of fio measured. Times in us.</summary>
/// <param name="Iops">Reads and writes together.</param>
/// <param name="MegabytesPerSecond">1 MB = 1,000,000 bytes.</param>
/// <param name="CpuSecondsPer100K">CPU of the subject's processes per 100,000 operations; null when it has none.</param>
/// <param name="ForeignCores">CPU of other programs on the machine meanwhile, in cores: noise.</param>
internal sealed record Sample(
    double Iops, double MegabytesPerSecond, double MeanUs, double P50Us, double P99Us, double P999Us,
    double? CpuSecondsPer100K, double ForeignCores);
