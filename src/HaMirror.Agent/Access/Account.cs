using System.Collections.Immutable;
using System.Text.Json.Serialization;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Access;

/// <summary>A user or a key, living or removed.</summary>
/// <param name="Secret">A user's password as <see cref="PasswordHash"/> keeps it, a key's SHA-256; empty when removed.</param>
/// <param name="Changed">The newer of two nodes' entries counts.</param>
/// <param name="Removed">Kept as a mark, so that the other node learns of the removal.</param>
internal sealed record Account(string Name, Role Role, string Secret, DateTimeOffset Changed, bool Removed);

/// <summary>What access.json holds. Both nodes hold the same, as soon as they have heard of each other's changes.</summary>
/// <param name="Revoked">Ended sessions that would still be good, and until when.</param>
internal sealed record AccessBook(
    ImmutableSortedDictionary<string, Account> Users, ImmutableSortedDictionary<string, Account> Keys,
    ImmutableSortedDictionary<string, DateTimeOffset> Revoked)
{
    public static readonly AccessBook Empty = new(
        ImmutableSortedDictionary.Create<string, Account>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, Account>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal));

    /// <summary>Of each entry the newer one. The order of the two does not matter, and merging again changes nothing.</summary>
    public static AccessBook Merge(AccessBook one, AccessBook other, DateTimeOffset now) => new(
        Newer(one.Users, other.Users), Newer(one.Keys, other.Keys),
        Empty.Revoked.AddRange(one.Revoked.Concat(other.Revoked).Where(entry => entry.Value > now)
            .GroupBy(entry => entry.Key).Select(group => KeyValuePair.Create(group.Key, group.Max(entry => entry.Value)))));

    /// <summary>The same entries.</summary>
    public bool Same(AccessBook other) =>
        Users.SequenceEqual(other.Users) && Keys.SequenceEqual(other.Keys) && Revoked.SequenceEqual(other.Revoked);

    private static ImmutableSortedDictionary<string, Account> Newer(
        ImmutableSortedDictionary<string, Account> one, ImmutableSortedDictionary<string, Account> other)
    {
        var merged = one;
        foreach (var (name, account) in other)
        {
            if (!merged.TryGetValue(name, out var present) || Later(account, present)) merged = merged.SetItem(name, account);
        }

        return merged;
    }

    /// <summary>Changes of the same instant on both nodes: both nodes must choose the same, whichever it is.</summary>
    private static bool Later(Account one, Account other) =>
        one.Changed != other.Changed ? one.Changed > other.Changed : string.CompareOrdinal(one.Secret + one.Role, other.Secret + other.Role) > 0;
}

/// <summary>Strict: a name that is damaged, or misspelt by hand, must not pass for an entry that is not there.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AccessBook))]
internal sealed partial class AccessJson : JsonSerializerContext;
