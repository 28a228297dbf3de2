using HaMirror.Core.States;

namespace HaMirror.Agent.Modules;

/// <summary>States as operators read them: <c>STOP</c>, <c>WAIT</c>, <c>ALONE</c>, <c>PRIM</c>, <c>SECOND</c>.</summary>
internal static class StateName
{
    public static string Of(ModuleState state) => state.ToString().ToUpperInvariant();
}
