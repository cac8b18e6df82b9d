// The package carries no types, and we use five of its names.
declare module "oidc-provider" {
    const Provider: any;
    export default Provider;
}
