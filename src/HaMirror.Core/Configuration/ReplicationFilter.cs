using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace HaMirror.Core.Configuration;

/// <summary>Decides which paths of a replicated directory are mirrored (<c>notreplicated</c>; reference, section 2.4).</summary>
/// <remarks>
/// Paths are relative to the directory, separated by <c>/</c>, without a leading or trailing one; the directory itself is
/// the empty path and always mirrored. A path is local when it or a directory above it is excluded by a path or an
/// expression. An expression with a leading <c>!</c> excludes the *files* that it does not match: directories stay, or
/// nothing below them could ever match. Both nodes must use the same filter. <see cref="KeptName"/> is local always.
/// </remarks>
public sealed class ReplicationFilter
{
    /// <summary>Directory at the top of a replicated directory in which a node keeps files that a resync removed, until nobody needs
    /// them any more: it belongs to its node, whatever the configuration says.</summary>
    public const string KeptName = ".hamirror-kept";

    private readonly ImmutableArray<string> _paths;
    private readonly ImmutableArray<Regex> _excluding;
    private readonly ImmutableArray<Regex> _selecting;

    /// <exception cref="FormatException">An expression is malformed; <see cref="ModuleXml"/> has refused such before.</exception>
    public ReplicationFilter(ReplicatedDirectory directory)
    {
        _paths = directory.Excluded;
        _excluding = [.. directory.ExcludedPatterns.Where(pattern => !Selects(pattern)).Select(PosixExpression.Compile)];
        _selecting = [.. directory.ExcludedPatterns.Where(Selects).Select(pattern => PosixExpression.Compile(pattern[1..]))];
    }

    private bool ReplicatesAll => _paths.IsEmpty && _excluding.IsEmpty && _selecting.IsEmpty;

    /// <summary>True when the path is mirrored.</summary>
    public bool Replicates(string relativePath, bool isDirectory)
    {
        if (relativePath.Length == 0)
        {
            return true;
        }

        if (IsOrContains(KeptName, relativePath))
        {
            return false;
        }

        if (ReplicatesAll)
        {
            return true;
        }

        foreach (var excluded in _paths)
        {
            if (IsOrContains(excluded, relativePath))
            {
                return false;
            }
        }

        return !IsExcludedByPattern(relativePath) && (isDirectory || _selecting.All(pattern => pattern.IsMatch(relativePath)));
    }

    private bool IsExcludedByPattern(string relativePath)
    {
        if (_excluding.IsEmpty)
        {
            return false;
        }

        // Every directory above counts too: what lies in a local directory has no place on the peer.
        for (var end = relativePath.IndexOf('/'); ; end = relativePath.IndexOf('/', end + 1))
        {
            var part = end < 0 ? relativePath : relativePath[..end];
            if (_excluding.Any(pattern => pattern.IsMatch(part)))
            {
                return true;
            }

            if (end < 0)
            {
                return false;
            }
        }
    }

    private static bool Selects(string pattern) => pattern.StartsWith('!');

    private static bool IsOrContains(string directory, string path) =>
        path.StartsWith(directory, StringComparison.Ordinal)
        && (path.Length == directory.Length || path[directory.Length] == '/');
}
