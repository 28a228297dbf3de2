using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/modules/{m}/resources</c>: what checkers, and hooks by <c>safekit set</c>, say is up or down.</summary>
internal static class ResourceEndpoints
{
    private const int NameLengthMax = 128;

    /// <summary>More than any module watches; each stands in every status, event and metric of it.</summary>
    private const int ResourcesMax = 200;

    private static bool IsName(string name) => name.Length <= NameLengthMax && name.Contains('.', StringComparison.Ordinal)
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or ':' or '@');

    public static void MapResources(this WebApplication app)
    {
        const string path = ApiPath.Modules + "/{module}/resources";
        app.MapGet(path, (HttpContext context, string module, ModuleRoster roster) =>
            context.Response.WriteAsJsonAsync(roster.Driver(module).Resources.All, ApiJson.Default.ImmutableArrayResourceStatus));
        app.MapGet(path + "/{name}", (HttpContext context, string module, string name, ModuleRoster roster) =>
            context.Response.WriteAsJsonAsync(Find(roster.Driver(module).Resources, module, name), ApiJson.Default.ResourceStatus));
        app.MapPut(path + "/{name}", async (HttpContext context, string module, string name, ModuleRoster roster) =>
        {
            var request = await ApiBody.ReadAsync(context, ApiJson.Default.ResourceRequest);
            if (request.State is not ("up" or "down"))
                throw new Refusal(Refusal.BadRequest, $"'{request.State}' is no state of a resource: up or down.");
            if (!IsName(name))
                throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(name)}' is no name of a resource: it is class.name, e.g. custom.vm1_check, of at most {NameLengthMax} letters, digits and . _ - : @.");
            var driver = roster.Driver(module);
            if (driver.Resources.Find(name) is null && driver.Resources.All.Length >= ResourcesMax)
                throw new Refusal(Refusal.Conflict, $"Module {module} has {ResourcesMax} resources already.", "Use the names of those that there are; they are forgotten when the module is configured anew.");
            driver.SayResource(name, request.State == "up", Caller.By(context, request.By) ?? "operator");
            await context.Response.WriteAsJsonAsync(
                new ResourceStatus(name, request.State, driver.Resources.Find(name)?.Since ?? DateTimeOffset.UtcNow), ApiJson.Default.ResourceStatus);
        });
    }

    private static ResourceStatus Find(ResourceTable resources, string module, string name) =>
        resources.Find(name) ?? throw new Refusal(Refusal.NotFound, $"Module {module} has no resource {name}.",
            "'hamirror status -m " + module + "' lists its resources.");
}
