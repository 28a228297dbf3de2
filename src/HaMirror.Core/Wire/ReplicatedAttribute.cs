namespace HaMirror.Core.Wire;

/// <summary>Which extended attributes belong to a replica.</summary>
public static class ReplicatedAttribute
{
    /// <summary>False for what describes this node's handling of a file rather than the file.</summary>
    /// <remarks><c>trusted.libvirt.*</c> counts a node's own running guests: replicated, it would keep the peer from
    /// starting the guest. Labels of SELinux and sums of IMA and EVM are made by each node's own policy and key.</remarks>
    public static bool Counts(string name) =>
        !name.StartsWith("trusted.libvirt.", StringComparison.Ordinal)
        && name is not ("security.selinux" or "security.ima" or "security.evm");
}
