using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HaMirror.Agent.Api;

/// <summary>The OpenAPI document: made from the routes themselves, <see cref="RouteDescription"/> and <see cref="AccessRules"/>.</summary>
internal static class OpenApiHosting
{
    private const string Problems = "application/problem+json";

    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, ConsoleJson.Default);
        });
        services.AddOpenApi(options =>
        {
            options.ShouldInclude = description => description.RelativePath?.StartsWith(AccessRules.PeerPrefix.TrimStart('/'), StringComparison.Ordinal) != true;
            options.AddOperationTransformer(DescribeAsync);
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "HaMirror", Version = AgentVersion.Text,
                    Description = "The agent of one node. Refusals are problem+json: title is a sentence, detail the remedy, errors all faults of a file. "
                        + "What changes something and is proven by a cookie needs the header " + ConsolePath.ChangeHeader + ".",
                };
                document.Servers = [new OpenApiServer { Url = "/" }];
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
                {
                    ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key ('hamirror key add') or a session's token." },
                    ["session"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = AccessGate.CookieName },
                };
                return Task.CompletedTask;
            });
        });
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var method = context.Description.HttpMethod ?? "GET";
        var path = "/" + context.Description.RelativePath;
        var need = AccessRules.Of(method, path);
        operation.Tags = null;
        operation.OperationId = method.ToLowerInvariant() + string.Concat(path.Split('/', '{', '}', '-', '.').Where(word => word is not ("" or "v1")).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
        operation.Description = need is Need.Nothing ? "No login." : need is Need.Health or Need.Metrics ? $"Role Monitor, or no login if console.xml says so ({need.ToString().ToLowerInvariant()}=\"open\")." : $"Role {AccessRules.Role(need)}.";
        operation.Responses = new OpenApiResponses();
        if (!RouteDescription.All.TryGetValue($"{method} {path}", out var row)) return;
        operation.Summary = row.Summary;
        foreach (var query in RouteQuery.All.GetValueOrDefault($"{method} {path}", []))
        {
            operation.Parameters = [.. (operation.Parameters ?? []).Where(known => known.Name != query.Name),
                new OpenApiParameter { Name = query.Name, In = ParameterLocation.Query, Description = query.Meaning, Schema = new OpenApiSchema { Type = JsonSchemaType.String } }];
        }

        var answer = new OpenApiResponse { Description = "Done." };
        if (row.Status != StatusCodes.Status204NoContent)
        {
            var schema = row.Answer is null ? null : await SchemaAsync(row.Answer, context, cancellation);
            answer.Content = new Dictionary<string, OpenApiMediaType> { [row.Media] = new() { Schema = schema } };
        }

        operation.Responses[row.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = answer;
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "Refused: why, and what to do.",
            Content = new Dictionary<string, OpenApiMediaType> { [Problems] = new() { Schema = await SchemaAsync(typeof(Problem), context, cancellation) } },
        };
        if (row.Body is { } body)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = await SchemaAsync(body, context, cancellation) } },
            };
        }
    }

    /// <summary>Each record once, by its name.</summary>
    private static async Task<IOpenApiSchema> SchemaAsync(Type type, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(System.Collections.Immutable.ImmutableArray<>))
            return new OpenApiSchema { Type = JsonSchemaType.Array, Items = await SchemaAsync(type.GetGenericArguments()[0], context, cancellation) };
        var document = context.Document ?? throw new InvalidOperationException("An operation is described outside of a document.");
        document.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, null, cancellation));
        return new OpenApiSchemaReference(type.Name, document);
    }
}
