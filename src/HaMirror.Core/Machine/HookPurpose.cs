namespace HaMirror.Core.Machine;

/// <summary>Who waits for a sequence of hooks to end.</summary>
internal enum HookPurpose : byte
{
    /// <summary>Nobody: a notification.</summary>
    Background,
    Prestart,
    StartService,
    EndService,
    RestartService,
    ForcedEnd,
    Poststop,
}
