namespace HaMirror.Core.Api;

/// <summary>What a caller may do. Each role may do what those before it may.</summary>
public enum Role : byte
{
    /// <summary>Reads everything that holds no secret.</summary>
    Monitor,

    /// <summary>Acts on modules: start, stop, swap.</summary>
    Control,

    /// <summary>Configures: the cluster, modules, accounts, keys.</summary>
    Admin,
}
