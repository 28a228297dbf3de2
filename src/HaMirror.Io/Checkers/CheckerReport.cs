using HaMirror.Core.Machine;

namespace HaMirror.Io.Checkers;

/// <summary>A resource changed its state, or has been down for so long that its action is due.</summary>
/// <param name="Action">Null: only the state changed.</param>
/// <param name="Detail">A clause for the log: what was seen.</param>
public sealed record CheckerReport(string Resource, bool Up, AutomaticAction? Action, string Detail);
