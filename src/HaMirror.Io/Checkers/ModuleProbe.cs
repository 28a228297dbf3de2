namespace HaMirror.Io.Checkers;

/// <summary>Another module that must serve on this node or the peer.</summary>
/// <param name="serves">Module and node (null: either); true while it is PRIM or ALONE, Ready, there. The agent knows.</param>
public sealed class ModuleProbe(string module, string? node, Func<string, string?, bool> serves) : IProbe
{
    public Task<Look> LookAsync(CancellationToken cancellation)
    {
        var up = serves(module, node);
        return Task.FromResult(new Look(up, $"module {module} {(up ? "serves" : "does not serve")}{(node is null ? "" : $" on {node}")}"));
    }
}
