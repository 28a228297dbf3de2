namespace HaMirror.Core.Machine;

/// <summary>What an orderly end of service leads to.</summary>
internal enum ServiceEnd : byte
{
    /// <summary>WAIT, held by a resource.</summary>
    Wait,
    Stop,
    StopStart,

    /// <summary>The peer serves, this node becomes its standby.</summary>
    Swap,
}
