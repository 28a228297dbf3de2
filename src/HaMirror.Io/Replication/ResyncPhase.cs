namespace HaMirror.Io.Replication;

/// <summary>Where a resync is; see <see cref="ResyncSource"/>.</summary>
internal enum ResyncPhase : byte
{
    Names,
    Data,
    Closing,
    Ended,
}
